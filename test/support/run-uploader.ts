import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { Test } from 'tap'
import { poll } from './poll.ts'

interface Pod {
  url: string
  id: string
  attempt: string
  token: string
  folder: string
  /** Settings that differ from the usual ones. */
  env?: Record<string, string>
  /** A script that Node runs in the process of the uploader before it. */
  before?: string
}

/**
 * Runs the uploader as it ships: a bundle in a process of its own, with the environment of a pod. The bundle and the
 * token are next to the result folder.
 */
export async function runUploader (t: Test, { url, id, attempt, token, folder, env: more, before }: Pod) {
  const program = join(dirname(folder), 'uploader.cjs')
  await build({
    entryPoints: [join(import.meta.dirname, '../../jobs/uploader/main.ts')],
    outfile: program,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    logLevel: 'error'
  })
  const tokenFile = join(dirname(folder), 'token')
  writeFileSync(tokenFile, token + '\n')
  const script = join(dirname(folder), 'before.cjs')
  if (before !== undefined) writeFileSync(script, before)
  const env = {
    UPLOAD_URL: url,
    JOB_UUID: id,
    POD_UID: attempt,
    TOKEN_FILE: tokenFile,
    RESULT_DIR: folder,
    START_FILE: join(dirname(folder), 'started'),
    STOP_FILE: join(dirname(folder), 'stopping'),
    GRACE_SECONDS: '120',
    WORKLOAD_SECONDS: '30',
    SETTLE_SECONDS: '0.3',
    ...more
  }
  const child = spawn(process.execPath, [...(before === undefined ? [] : ['--require', script]), program], {
    env,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const exited = once(child, 'close').then(([code, signal]): number | string => code ?? signal)
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  const said = async (line: string) => await poll(`the uploader prints: ${line}`, () => output.includes(line))
  return {
    exited,
    said,
    output: () => output,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /**
     * Ends the uploader as the end of the workload does, with SIGTERM. Returns the exit code, or the signal that ended
     * the process.
     */
    async end (): Promise<number | string> {
      await said('watching')
      child.kill('SIGTERM')
      return await exited
    },
    /** Runs a hook of the container. After `stopping` the pod begins to end, and the workload may still run. */
    async hook (name: 'await-start' | 'stopping'): Promise<void> {
      await promisify(execFile)(process.execPath, [program, name], { env })
    },
    /** The peak memory of the process, in bytes. */
    peakMemory (): number {
      const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
      return Number(kib) * 1024
    },
    /** The bytes that the process has read so far, from files and connections. */
    bytesRead (): number {
      const [, bytes] = /^rchar: (\d+)$/m.exec(readFileSync(`/proc/${child.pid}/io`, 'utf8')) ?? []
      return Number(bytes)
    }
  }
}
