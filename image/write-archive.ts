/** Packs dist/image/ (lay-out.ts) into the image dist/image.tar. */
import { ENVIRONMENT } from './environment.ts'
import { writeOciArchive } from './write-oci-archive.ts'

const name = 'dev.local/gx4ki-jobs:dev'
const digest = writeOciArchive('dist/image.tar', {
  name,
  layers: ['dist/image/system', 'dist/image/programs'],
  // The same as in the Dockerfile. There is no entry point: the command of the container names the program.
  config: {
    User: '65532:65532',
    WorkingDir: '/app',
    Env: Object.entries({
      PATH: '/usr/local/bin',
      ...ENVIRONMENT,
      // compile-cache.ts has filled it.
      NODE_COMPILE_CACHE: '/app/dist/compile-cache'
    }).map(([name, value]) => `${name}=${value}`),
    Cmd: ['node', '--version']
  }
})
console.log(`dist/image.tar: ${name} ${digest}`)
