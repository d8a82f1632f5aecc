/** Packs dist/image/ (lay-out.ts) into the image dist/image.tar. */
import { writeOciArchive } from './write-oci-archive.ts'

const name = 'dev.local/gx4ki-jobs:dev'
const digest = writeOciArchive('dist/image.tar', {
  name,
  layers: ['dist/image/system', 'dist/image/programs'],
  // As in the Dockerfile. Which program runs is the caller's word: there is no entry point.
  config: {
    User: '65532:65532',
    WorkingDir: '/app',
    // Trusts what is in /etc/ssl/certs beside Node's own list, so a store's private CA needs only to be mounted there.
    Env: ['PATH=/usr/local/bin', 'NODE_USE_SYSTEM_CA=1'],
    Cmd: ['node', '--version']
  }
})
console.log(`dist/image.tar: ${name} ${digest}`)
