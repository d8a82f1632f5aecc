import { execFileSync } from 'node:child_process'
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { PACKAGES } from '../peer/prototype.ts'

/** What a run ran on, and how busy it was. */
export function conditions () {
  return {
    at: new Date().toISOString(),
    commit: git('rev-parse', '--short', 'HEAD'),
    changed: git('status', '--porcelain', '--untracked-files=no') !== '',
    node: process.version,
    processor: `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    system: `${platform()} ${release()} ${arch()}`,
    load: loadavg()[0]!.toFixed(2),
    store: process.env['LOCAL_STORE'] ?? (process.env['S3_ENDPOINT'] ? 'that of S3_ENDPOINT' : 'SeaweedFS'),
    peer: PACKAGES
  }
}

export type Conditions = ReturnType<typeof conditions>

function git (...args: string[]): string {
  try {
    return execFileSync('git', ['-c', 'safe.directory=*', ...args], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown'
  }
}
