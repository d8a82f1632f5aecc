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
  /** The process that runs now, if one does. */
  pid(): number | undefined
  /** Ends the process by a signal, as a crash would; resolves when it has ended. Another one follows. */
  kill(signal: NodeJS.Signals): Promise<void>
  /**
   * Resolves once the readiness probe is answered. Rejects after a minute, or as soon as the first process ends before
   * that.
   */
  ready(): Promise<void>
  stop(): Promise<void>
}

/** How long a crashed function stays away, its callers getting 502 as on a cluster: doubled for each crash in a row. */
const RESTART_MS = { first: 250, longest: 5000 }
/** A process that lived this long was no crash in a row. */
const SOUND_MS = 2_000

interface RunOptions {
  environment: Record<string, string>
  cwd: string
  log: (line: string) => void
}

/**
 * Runs the container of a Knative Service as a process of this machine; again after each crash, once it has been ready,
 * until it is stopped.
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
  // When the host ends by itself, on a second Ctrl-C say, nothing must stay behind.
  const endWithHost = (): void => {
    child.kill('SIGKILL')
  }
  process.on('exit', endWithHost)

  function start (): ChildProcess {
    const started = Date.now()
    const spawned = spawn(command!, args, {
      cwd,
      // `node` is the Node that runs this. Nothing else of the host's environment gets in.
      env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: process.env.HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own: Ctrl-C in the terminal is for the host, which then stops all in order.
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
    // On a cluster it would have all of timeoutSeconds; who stops a local host does not wait that long.
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
  // Refused is the usual answer of a process that is still starting.
  return await fetch(url, { signal: AbortSignal.timeout(1000) }).then((answer) => answer.ok, () => false)
}

/** A log line with its service's name; what is JSON stays JSON. */
export function named (name: string, line: string): string {
  return line.startsWith('{"') ? `{"service":"${name}",${line.slice(1)}` : JSON.stringify({ service: name, msg: line })
}
