import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'

/**
 * Runs a program of the local host as make does, in an empty folder, with a new bucket, a new temporary folder
 * and a new folder for what it keeps.
 */
export function runProgram (t: Test, program: string, env: Record<string, string> = {}) {
  const folder = t.testdir({ tmp: {} })
  const child = spawn(process.execPath, [resolve(`knative/local/${program}.ts`)], {
    cwd: folder,
    env: {
      ...process.env,
      KUBECONFIG: '',
      S3_BUCKET: `test-${program}-${process.pid}`,
      TMPDIR: join(folder, 'tmp'),
      LOCAL_DATA: join(folder, 'data'),
      ...env
    },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  return { folder, child, exit }
}
