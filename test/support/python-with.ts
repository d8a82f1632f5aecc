import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/**
 * The folder of the programs of a virtual environment with these Python packages, which it installs once, in `.local/`.
 * Needs Python 3 with pip, but not python3-venv.
 */
export function pythonWith (name: string, packages: string[]): string {
  const venv = resolve('.local', name)
  const note = join(venv, 'installed')
  const wanted = packages.join(' ')
  if (!existsSync(note) || readFileSync(note, 'utf8') !== wanted) {
    console.error(`Installing ${wanted} into ${venv} …`)
    execFileSync('python3', ['-m', 'venv', '--without-pip', '--clear', venv])
    const pip = ['-m', 'pip', '--python', join(venv, 'bin/python'), 'install', '--quiet', '--disable-pip-version-check']
    execFileSync('python3', [...pip, ...packages], { stdio: ['ignore', 'ignore', 'inherit'] })
    writeFileSync(note, wanted)
  }
  return join(venv, 'bin')
}
