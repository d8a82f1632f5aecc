import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import type { KnativeService } from '../manifests.ts'

export interface Service {
  name: string
  url: string
  timeoutSeconds: number
  /** The id of the current process; `undefined` when no process runs. */
  pid(): number | undefined
  /** Ends the process with a signal, like a crash. Resolves when it has ended. Then another process starts. */
  kill(signal: NodeJS.Signals): Promise<void>
  /**
   * Resolves when the readiness probe succeeds. Rejects after a minute, or when the first process ends before it was
   * ready.
   */
  ready(): Promise<void>
  stop(): Promise<void>
}

/** The pause before a crashed function starts again, doubled for each crash in a row. Callers get 502 until then. */
const RESTART_MS = { first: 250, longest: 5000 }
/** A process that ran longer than this resets the count of crashes in a row. */
const SOUND_MS = 2_000

interface RunOptions {
  environment: Record<string, string>
  cwd: string
  log: (line: string) => void
}

/**
 * Runs the container of a Knative Service as a process of this machine until it is stopped. Once it has been ready, it
 * starts again after each crash.
 */
export function runService (manifest: KnativeService, { environment, cwd, log }: RunOptions): Service {
  const { name } = manifest.metadata
  const { timeoutSeconds, containers: [container] } = manifest.spec.template.spec
  const [command, ...args] = container!.command
  const url = `http://127.0.0.1:${environment.PORT}`
  let child = start()
  let lastLines: string[] = []
  let crashes = 0
  let restart: NodeJS.Timeout | undefined
  let wasReady = false
  let neverReady = false
  let stopped = false
  // If the host exits without stopping its parts, for example on a second Ctrl-C, no process may be left.
  const endWithHost = (): void => {
    child.kill('SIGKILL')
  }
  process.on('exit', endWithHost)

  function start (): ChildProcess {
    const started = Date.now()
    const spawned = spawn(command!, args, {
      cwd,
      // The process gets only PATH and HOME of the host. `node` is the Node that runs this code.
      env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: process.env.HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A separate process group: Ctrl-C in the terminal reaches only the host, which stops its parts in order.
      detached: true
    })
    for (const output of [spawned.stdout, spawned.stderr]) {
      createInterface(output).on('line', (line) => {
        lastLines = [...lastLines.slice(-9), line]
        log(named(name, line))
      })
    }
    spawned.on('error', (error) => lastLines.push(error.message))
    spawned.on('close', (code, signal) => {
      neverReady = !wasReady
      if (stopped || neverReady) return
      if (Date.now() - started > SOUND_MS) crashes = 0
      const wait = Math.min(RESTART_MS.first * 2 ** crashes++, RESTART_MS.longest)
      log(named(name, `ended with ${signal ?? code}; starts again in ${wait} ms`))
      restart = setTimeout(() => {
        child = start()
      }, wait)
    })
    return spawned
  }

  async function kill (signal: NodeJS.Signals): Promise<void> {
    if (hasEnded(child)) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  async function ready (): Promise<void> {
    const deadline = AbortSignal.timeout(60_000)
    while (hasEnded(child) || !await answers(url + container!.readinessProbe.httpGet.path)) {
      if (neverReady) throw new Error(`${name} ended before it was ready:\n${lastLines.join('\n')}`)
      if (deadline.aborted) throw new Error(`${name} was not ready within a minute:\n${lastLines.join('\n')}`)
      await pause(50)
    }
    wasReady = true
  }

  async function stop (): Promise<void> {
    stopped = true
    clearTimeout(restart)
    // A cluster waits for the whole of timeoutSeconds. The local host waits at most 10 s.
    const impatience = setTimeout(() => child.kill('SIGKILL'), Math.min(timeoutSeconds, 10) * 1000)
    await kill('SIGTERM')
    clearTimeout(impatience)
    process.off('exit', endWithHost)
  }

  return { name, url, timeoutSeconds, pid: () => hasEnded(child) ? undefined : child.pid, kill, ready, stop }
}

function hasEnded (child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

async function answers (url: string): Promise<boolean> {
  // A process that is still starting refuses the connection.
  return await fetch(url, { signal: AbortSignal.timeout(1000) }).then((answer) => answer.ok, () => false)
}

/** A log line with the name of its service. A JSON line stays JSON. */
export function named (name: string, line: string): string {
  return line.startsWith('{"') ? `{"service":"${name}",${line.slice(1)}` : JSON.stringify({ service: name, msg: line })
}
