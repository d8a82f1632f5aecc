import { execFileSync } from 'node:child_process'
import { cpSync, globSync } from 'node:fs'
import { resolve } from 'node:path'

/** The folder of the compile cache, for NODE_COMPILE_CACHE. */
export const COMPILE_CACHE = resolve('dist/compile-cache')

/** Makes the compile cache of the image, and gives it also to the user of the bench: Node keeps one for each user. */
export function makeCompileCache (): void {
  execFileSync(process.execPath, ['image/compile-cache.ts'], { stdio: 'inherit' })
  for (const made of globSync('*', { cwd: COMPILE_CACHE })) {
    const own = made.replace(/-\d+$/, `-${process.getuid!()}`)
    cpSync(resolve(COMPILE_CACHE, made), resolve(COMPILE_CACHE, own), { recursive: true })
  }
}
