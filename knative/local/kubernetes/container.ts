import type { V1Container, V1ContainerState, V1ContainerStatus } from '@kubernetes/client-node'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { environmentOf, localPaths } from './container-inputs.ts'
import { type Pod, timestamp, type Wire } from './objects.ts'
import type { Store } from './store.ts'

/** Where containers run: `cwd` and `path` (PATH) are those of every process, `dir` holds what belongs to pods. */
export interface Host { store: Store, dir: string, cwd: string, path: string, log: (line: string) => void }

export interface Container {
  spec: Wire<V1Container>
  role: 'init' | 'sidecar' | 'regular'
  status: Wire<V1ContainerStatus> & { state: Wire<V1ContainerState> }
  /** Aborted when it is to end, and not to be started again. */
  ending: AbortController
  running: PromiseWithResolvers<void>
  process?: ChildProcess
  /** Settled when it has ended for good. */
  life?: Promise<void>
}

const CONFIGURATION_RETRY = 200
const IMAGE_BACK_OFF = 1000
const RESTART_DELAY = 500
const LONGEST_RESTART_DELAY = 10_000

export const podDir = (host: Host, { metadata }: Pod): string => join(host.dir, 'pods', metadata.uid)
/** One file for all restarts of a container. */
export const logFile = (host: Host, pod: Pod, container: string): string => join(podDir(host, pod), 'logs', `${container}.log`)

export function createContainer (spec: Wire<V1Container>, role: Container['role'], reason: string): Container {
  const status = { name: spec.name, image: spec.image!, imageID: '', ready: false, started: false, restartCount: 0, state: { waiting: { reason } } }
  return { spec, role, status, ending: new AbortController(), running: Promise.withResolvers() }
}

/** Runs a container until it has ended for good; `report` is called after each change of its status. */
export async function live (host: Host, pod: Pod, container: Container, report: () => void): Promise<void> {
  const { role, status, ending: { signal } } = container
  for (let delay = RESTART_DELAY; ; delay = Math.min(delay * 2, LONGEST_RESTART_DELAY)) {
    const exitCode = await runOnce(host, pod, container, (state) => {
      if (status.state.terminated) status.lastState = status.state
      status.state = state
      status.started = state.running !== undefined
      status.ready = status.started || (role === 'init' && state.terminated?.exitCode === 0)
      report()
    })
    const { restartPolicy } = pod.spec
    const again = role === 'sidecar' || exitCode !== 0 ? restartPolicy !== 'Never' || role === 'sidecar' : restartPolicy === 'Always' && role === 'regular'
    if (exitCode === undefined || signal.aborted || !again) return
    await pause(delay, signal)
    if (signal.aborted) return
    status.restartCount++
  }
}

/** Asks its process to end, once. Only the main process is asked, as in a container; when it is gone, so are its children. */
export function stop ({ ending, process }: Container): void {
  if (ending.signal.aborted) return
  ending.abort()
  process?.kill('SIGTERM')
}

export function kill ({ ending, process }: Container): void {
  ending.abort()
  if (process) killGroup(process)
}

/** The exit code, or `undefined` when it was to end before it could start. */
async function runOnce (host: Host, pod: Pod, container: Container, become: (state: Wire<V1ContainerState>) => void): Promise<number | undefined> {
  const { spec, ending: { signal } } = container
  if (!spec.command?.length) {
    const message = 'the local host runs commands, not images, and this container has no command'
    become({ waiting: { reason: 'ErrImagePull', message } })
    await pause(IMAGE_BACK_OFF, signal)
    if (!signal.aborted) become({ waiting: { reason: 'ImagePullBackOff', message } })
    if (!signal.aborted) await once(signal, 'abort')
    return
  }
  let declared = environmentOf(host.store, pod, spec)
  for (; typeof declared === 'string' && !signal.aborted; declared = environmentOf(host.store, pod, spec)) {
    become({ waiting: { reason: 'CreateContainerConfigError', message: declared } })
    await pause(CONFIGURATION_RETRY, signal)
  }
  if (typeof declared === 'string' || signal.aborted) return

  const dir = podDir(host, pod)
  const local = localPaths(spec, join(dir, 'volumes'))
  const env = Object.fromEntries(Object.entries(declared).map(([name, value]) => [name, local(value)]))
  const [file = '', ...args] = [...spec.command, ...spec.args ?? []].map(local)
  const startedAt = timestamp()
  const output = openSync(logFile(host, pod, spec.name), 'a')
  let child: ChildProcess
  try {
    child = spawn(file, args, { cwd: host.cwd, env: { PATH: host.path, HOME: join(dir, 'home'), ...env }, detached: true, stdio: ['ignore', output, output] })
    container.process = child
    await once(child, 'spawn')
  } catch (error) {
    delete container.process
    become({ terminated: { exitCode: 128, reason: 'StartError', message: String(error), startedAt, finishedAt: timestamp() } })
    return 128
  } finally {
    closeSync(output)
  }
  become({ running: { startedAt } })
  container.running.resolve()
  const [code, signalName] = await once(child, 'exit') as [number | null, NodeJS.Signals]
  killGroup(child)
  delete container.process
  const exitCode = code ?? 128 + constants.signals[signalName]
  become({ terminated: { exitCode, reason: exitCode ? 'Error' : 'Completed', startedAt, finishedAt: timestamp() } })
  return exitCode
}

function killGroup ({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL')
  } catch {
    // Nothing of the group is left.
  }
}

/** The end of the container cuts it short. */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> => await setTimeout(ms, undefined, { signal }).catch(() => {})
