import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export interface DebianPackage {
  name: string
  version: string
  architecture: string
  /** The .deb file. */
  file: string
}

const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gx4ki-jobs', 'debian')

/**
 * Unpacks the newest versions of these packages that the machine's apt lists know. `folder` stands for `/`. Installs
 * nothing.
 */
export function unpackDebian (names: string[], folder: string): DebianPackage[] {
  const packages = fetchDebian(names)
  mkdirSync(folder, { recursive: true })
  for (const { file } of packages) execFileSync('dpkg-deb', ['--extract', file, folder])
  return packages
}

/** Fetches the packages from the mirror, or takes them from the cache. */
function fetchDebian (names: string[]): DebianPackage[] {
  mkdirSync(CACHE, { recursive: true })
  try {
    // Prints lines of: 'URI' FILE SIZE CHECKSUM. It leaves out files that are in the working directory, hence `/`.
    const files = aptGet(['download', '--print-uris', ...names], '/').trim().split('\n').map((line) =>
      line.split(' ')[1]!
    )
    // Also checks the files that are in the cache already.
    aptGet(['download', '--quiet', ...names], CACHE)
    return files.sort().map((file) => describe(join(CACHE, file)))
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new Error(
      `cannot fetch the Debian packages ${
        names.join(', ')
      }. Run apt-get update on Debian, or build the image with the Dockerfile (make image): ${stderr || message}`,
      { cause: error }
    )
  }
}

function aptGet (args: string[], cwd: string): string {
  return execFileSync('apt-get', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function describe (file: string): DebianPackage {
  const field = (name: string) => execFileSync('dpkg-deb', ['--field', file, name], { encoding: 'utf8' }).trim()
  return { name: field('Package'), version: field('Version'), architecture: field('Architecture'), file }
}
