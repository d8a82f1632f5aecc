import type { V1Container, V1ContainerState, V1ContainerStatus } from '@kubernetes/client-node'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { environmentOf } from './container-inputs.ts'
import { type ContainerRoot, makeRoot } from './container-root.ts'
import { expand } from '../../../shared/kubernetes/expand.ts'
import { breaksNonRoot } from './non-root.ts'
import { type Pod, timestamp, type Wire } from './objects.ts'
import type { Store } from './store.ts'

/**
 * Where containers run. Every process gets `path` (PATH); `dir` holds the files of the pods. `images` has for some
 * images the folder of the programs that are in their `/app/dist`.
 */
export interface Host {
  store: Store
  dir: string
  images: Record<string, string>
  path: string
  /** When this instance began. It has no objects of earlier ones. */
  began: string
  log: (line: string) => void
}

export interface Container {
  spec: Wire<V1Container>
  role: 'init' | 'sidecar' | 'regular'
  status: Wire<V1ContainerStatus> & { state: Wire<V1ContainerState> }
  /** Aborted when the container must end and not start again. */
  ending: AbortController
  /** Settled when the container runs for the first time. */
  running: PromiseWithResolvers<void>
  /** The main process, while it runs. */
  child?: ChildProcess
  /** Starts a command in the running container: with its environment, and killed when the container ends. */
  runHook?: (command: string, ...args: string[]) => ChildProcess
  /** Settled when the preStop hook has ended. */
  stopHook?: Promise<void>
  /** Settled when the container has ended and does not start again. */
  life?: Promise<void>
}

// In ms.
const CONFIGURATION_RETRY = 200
const IMAGE_BACK_OFF = 1000
const RESTART_DELAY = 500
const LONGEST_RESTART_DELAY = 10_000

export const podDir = (host: Host, { metadata }: Pod): string => join(host.dir, 'pods', metadata.uid)
/** One file for all restarts of a container. */
export const logFile = (host: Host, pod: Pod, container: string): string =>
  join(podDir(host, pod), 'logs', `${container}.log`)

export function createContainer (spec: Wire<V1Container>, role: Container['role'], reason: string): Container {
  const status = {
    name: spec.name,
    image: spec.image!,
    imageID: '',
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason } }
  }
  return { spec, role, status, ending: new AbortController(), running: Promise.withResolvers() }
}

/**
 * Runs a container until it has ended and does not start again: when its pod is ending, no container starts again.
 * `report` is called after each change of its status.
 */
export async function live (
  host: Host,
  pod: Pod,
  container: Container,
  podEnding: AbortSignal,
  report: () => void
): Promise<void> {
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
    const again = role === 'sidecar' ||
      (exitCode === 0 ? role === 'regular' && restartPolicy === 'Always' : restartPolicy !== 'Never')
    const isOver = (): boolean => signal.aborted || podEnding.aborted
    if (exitCode === undefined || isOver() || !again) return
    await pause(delay, AbortSignal.any([signal, podEnding]))
    if (isOver()) return
    status.restartCount++
  }
}

/** Runs the preStop hook of a running container, if it has one. Further calls wait for the same run. */
export async function prepareStop (container: Container): Promise<void> {
  await (container.stopHook ??= runStopHook(container))
}

async function runStopHook ({ spec: { lifecycle }, child, runHook }: Container): Promise<void> {
  const { exec, sleep } = lifecycle?.preStop ?? {}
  if (child === undefined || runHook === undefined) return
  if (sleep !== undefined) await pauseUntilExit(sleep.seconds * 1000, child)
  const [command, ...args] = exec?.command ?? []
  if (command === undefined) return
  await once(runHook(command, ...args), 'exit').catch(() => {
    // As on a cluster, the container ends in any case.
  })
}

/** Sends SIGTERM once, and like a kubelet only to the main process. Its children are killed when it has ended. */
export function stop ({ ending, child }: Container): void {
  if (ending.signal.aborted) return
  ending.abort()
  child?.kill('SIGTERM')
}

export function kill ({ ending, child }: Container): void {
  ending.abort()
  child?.kill('SIGKILL')
}

/** Returns the exit code, or `undefined` when the container was stopped before it could start. */
async function runOnce (
  host: Host,
  pod: Pod,
  container: Container,
  become: (state: Wire<V1ContainerState>) => void
): Promise<number | undefined> {
  const { spec, ending: { signal } } = container
  if (!spec.command?.length) {
    const message = 'the local host cannot run images, only commands; a cluster can. Give this container a command'
    become({ waiting: { reason: 'ErrImagePull', message } })
    await pause(IMAGE_BACK_OFF, signal)
    if (!signal.aborted) become({ waiting: { reason: 'ImagePullBackOff', message } })
    if (!signal.aborted) await once(signal, 'abort')
    return
  }
  const declare = (): Record<string, string> | string =>
    breaksNonRoot(pod, spec) ?? environmentOf(host.store, pod, spec)
  let declared = declare()
  for (; typeof declared === 'string' && !signal.aborted; declared = declare()) {
    become({ waiting: { reason: 'CreateContainerConfigError', message: declared } })
    await pause(CONFIGURATION_RETRY, signal)
  }
  if (typeof declared === 'string' || signal.aborted) return

  const dir = podDir(host, pod)
  const values = declared
  const notStarted = (message: string): number => {
    // A container whose program could not start "began" in 1970: https://github.com/kubernetes/kubernetes/issues/120331
    const startedAt = timestamp(0)
    become({ terminated: { exitCode: 128, reason: 'StartError', message, startedAt, finishedAt: timestamp() } })
    return 128
  }
  if (spec.workingDir && !spec.workingDir.startsWith('/')) {
    return notStarted(`workingDir ${spec.workingDir}: Cwd property must be an absolute path`)
  }
  let made: ContainerRoot
  try {
    made = makeRoot(spec, {
      root: join(dir, 'containers', spec.name),
      volumes: join(dir, 'volumes'),
      bundles: host.images[spec.image!],
      env: values
    })
  } catch (error) {
    // For example, a file is in the place of the working folder.
    return notStarted(String(error))
  }
  const { cwd, local } = made
  const env = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, local(value)]))
  // With the paths of the container, so that none is replaced twice.
  const [file = '', ...args] = [...spec.command, ...spec.args ?? []].map((text) => local(expand(text, values)))
  const startedAt = timestamp()
  const output = openSync(logFile(host, pod, spec.name), 'a')
  const surroundings = { cwd, env: { PATH: host.path, HOME: join(dir, 'home'), ...env } }
  let child: ChildProcess
  try {
    child = spawn(file, args, { ...surroundings, detached: true, stdio: ['ignore', output, output] })
    container.child = child
    await once(child, 'spawn')
  } catch (error) {
    delete container.child
    return notStarted(
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `exec: "${file}": executable file not found in $PATH`
        : String(error)
    )
  } finally {
    closeSync(output)
  }
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals]>
  container.runHook = (command, ...rest) => {
    const hook = spawn(local(command), rest.map(local), { ...surroundings, stdio: 'ignore' })
    child.once('exit', () => hook.kill('SIGKILL'))
    return hook
  }
  await afterStart(spec, child, container.runHook)
  become({ running: { startedAt } })
  container.running.resolve()
  const [code, signalName] = await exited
  killGroup(child)
  delete container.child
  delete container.runHook
  const exitCode = code ?? 128 + constants.signals[signalName]
  become({ terminated: { exitCode, reason: exitCode ? 'Error' : 'Completed', startedAt, finishedAt: timestamp() } })
  return exitCode
}

/** Runs the postStart hook, if there is one. The container counts as running only when the hook has ended. */
async function afterStart (
  { lifecycle }: Wire<V1Container>,
  child: ChildProcess,
  run: (command: string, ...args: string[]) => ChildProcess
): Promise<void> {
  const { exec, sleep } = lifecycle?.postStart ?? {}
  if (sleep !== undefined) await pauseUntilExit(sleep.seconds * 1000, child)
  const [command, ...args] = exec?.command ?? []
  if (command === undefined) return
  const [code] = await once(run(command, ...args), 'exit').catch(() => [1])
  if (code !== 0) child.kill('SIGKILL')
}

/** Waits, but not longer than the process runs. */
async function pauseUntilExit (ms: number, child: ChildProcess): Promise<void> {
  const exited = new AbortController()
  child.once('exit', () => exited.abort())
  if (child.exitCode === null && child.signalCode === null) await pause(ms, exited.signal)
}

function killGroup ({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL')
  } catch {
    // All processes of the group have ended.
  }
}

/** Waits. When the signal is aborted, it returns early. */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> =>
  await setTimeout(ms, undefined, { signal }).catch(() => {})
