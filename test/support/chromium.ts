import { execFileSync } from 'node:child_process'
import { existsSync, globSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { unpackDebian } from '../../image/unpack-debian.ts'

const FOLDER = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gx4ki-jobs', 'chromium')
const PROGRAM = 'usr/lib/chromium/chromium'

export interface Chromium {
  executablePath: string
  env: Record<string, string>
}

/**
 * A Chromium for the tests of the page: the one in CHROMIUM or in the PATH, or Debian's, which is unpacked once and not
 * installed. Throws with the reason where there is none.
 */
export function chromium (): Chromium {
  const installed = process.env['CHROMIUM'] ||
    (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'chromium')).find(existsSync)
  if (installed) return { executablePath: installed, env: {} }
  if (!existsSync(FOLDER)) {
    console.log(`Fetching Debian's chromium into ${FOLDER} …`)
    const unfinished = `${FOLDER}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    unpackDebian(neededPackages(), unfinished)
    renameSync(unfinished, FOLDER)
  }
  const libraries = globSync(['usr/lib/*-linux-gnu', 'usr/lib/*-linux-gnu/*/', 'lib/*-linux-gnu'], { cwd: FOLDER })
  return {
    executablePath: join(FOLDER, PROGRAM),
    env: {
      LD_LIBRARY_PATH: libraries.map((path) => join(FOLDER, path)).join(delimiter),
      FONTCONFIG_PATH: join(FOLDER, 'etc/fonts'),
      XDG_DATA_HOME: join(FOLDER, 'usr/share')
    }
  }
}

/** The packages of Chromium that this machine does not have. */
function neededPackages (): string[] {
  const wanted = ['install', '--print-uris', '--yes', '--no-install-recommends', 'chromium', 'fonts-dejavu-core']
  const lines = execFileSync('apt-get', wanted, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')
  // 'URI' FILE SIZE CHECKSUM, and the name of a package ends before the first _ of its file.
  return lines.filter((line) => line.startsWith("'")).map((line) => line.split(' ')[1]!.split('_')[0]!)
}
