/** Packs dist/image/ (lay-out.ts) into the image dist/image.tar. */
import { writeOciArchive } from './write-oci-archive.ts'

const name = 'dev.local/gx4ki-jobs:dev'
const digest = writeOciArchive('dist/image.tar', {
  name,
  layers: ['dist/image/system', 'dist/image/programs'],
  // The same as in the Dockerfile. There is no entry point: the command of the container names the program.
  config: {
    User: '65532:65532',
    WorkingDir: '/app',
    // Node also trusts the certificates in /etc/ssl/certs, so a private CA only has to be mounted there.
    // compile-cache.ts has filled the cache.
    Env: [
      'PATH=/usr/local/bin',
      'NODE_USE_SYSTEM_CA=1',
      'NODE_COMPILE_CACHE=/app/dist/compile-cache',
      'NODE_COMPILE_CACHE_PORTABLE=1'
    ],
    Cmd: ['node', '--version']
  }
})
console.log(`dist/image.tar: ${name} ${digest}`)
