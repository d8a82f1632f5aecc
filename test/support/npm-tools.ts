import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * The folder of the programs of the npm packages in a lock file, which it installs once, in `.local/`. No script of a
 * package runs.
 */
export function npmTools (folder: string): string {
  const target = resolve('.local', `${basename(dirname(folder))}-${basename(folder)}`)
  const note = join(target, 'installed')
  const wanted = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  if (!existsSync(note) || readFileSync(note, 'utf8') !== wanted) {
    console.error(`Installing the packages of ${folder} into ${target} …`)
    mkdirSync(target, { recursive: true })
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(folder, file), join(target, file))
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
    execFileSync('npm', ['ci', '--ignore-scripts', ...quiet], { cwd: target, stdio: ['ignore', 'ignore', 'inherit'] })
    writeFileSync(note, wanted)
  }
  return join(target, 'node_modules/.bin')
}
