/**
 * Runs the containers of pods as local processes, in the order of a kubelet. They differ from real containers in two
 * points. A process does not see a volume at its mount path, nor its working folder: `makeRoot` replaces these paths by
 * folders of this machine wherever the pod names them. And nothing is pulled, isolated, probed or limited. Which fields
 * are ignored is in docs/settings.md; what a job cannot do without is refused, by cannot.ts.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeVolumes } from './container-inputs.ts'
import {
  type Container,
  createContainer,
  type Host,
  kill,
  live,
  pause,
  podDir,
  prepareStop,
  stop
} from './container.ts'
import { hasEnded, type Pod, timestamp } from './objects.ts'
import { type Change, find, remove, update } from './store.ts'

interface RunningPod {
  pod: Pod
  containers: Container[]
  ending: AbortController
  killers: NodeJS.Timeout[]
  ended?: Promise<void>
}

// In ms.
const VOLUME_RETRY = 200
const STOP_GRACE = 2000
/** No container is killed sooner than this after its SIGTERM. */
const SHORTEST_GRACE = 2000

/** Runs every pod, and removes it when it is marked for deletion and has ended. */
export function startKubelet (host: Host): { stop: () => Promise<void> } {
  const running = new Map<string, RunningPod>()
  host.store.changes.on('change', ({ resource, before, after }: Change) => {
    if (resource !== 'pods') return
    const pod = (after ?? before) as Pod
    const { uid, deletionGracePeriodSeconds } = pod.metadata
    if (!before) {
      const started = createRunningPod(pod)
      running.set(uid, started)
      started.ended = run(host, started).finally(() => running.delete(uid))
    } else if (!after) {
      rmSync(podDir(host, pod), { recursive: true, force: true })
    } else if (pod.metadata.deletionTimestamp && hasEnded(pod)) {
      remove(host.store, 'pods', pod)
    } else if (deletionGracePeriodSeconds !== before.metadata.deletionGracePeriodSeconds) {
      const started = running.get(uid)
      if (started) terminate(started, deletionGracePeriodSeconds! * 1000)
    }
  })
  return {
    stop: async () => {
      for (const started of running.values()) {
        terminate(started, STOP_GRACE)
        later(started, STOP_GRACE, () => started.containers.forEach(kill))
      }
      await Promise.all([...running.values()].map(({ ended }) => ended))
    }
  }
}

function createRunningPod (pod: Pod): RunningPod {
  const { initContainers = [], containers } = pod.spec
  const reason = initContainers.length ? 'PodInitializing' : 'ContainerCreating'
  return {
    pod,
    containers: [
      ...initContainers.map((spec) =>
        createContainer(spec, spec.restartPolicy === 'Always' ? 'sidecar' : 'init', reason)
      ),
      ...containers.map((spec) => createContainer(spec, 'regular', reason))
    ],
    ending: new AbortController(),
    killers: []
  }
}

async function run (host: Host, running: RunningPod): Promise<void> {
  const { pod, containers, ending: { signal }, killers } = running
  const dir = podDir(host, pod)
  for (const folder of ['home', 'logs', 'volumes']) mkdirSync(join(dir, folder), { recursive: true })
  report(host, running)
  while (makeVolumes(host.store, pod, join(dir, 'volumes')) && !signal.aborted) await pause(VOLUME_RETRY, signal)

  const start = async (container: Container): Promise<void> => {
    container.life = live(host, pod, container, signal, () => report(host, running))
    await (container.role === 'sidecar' ? Promise.race([container.running.promise, container.life]) : container.life)
  }
  const regular = containers.filter(({ role }) => role === 'regular')
  for (const container of containers.filter(({ role }) => role !== 'regular')) {
    if (!signal.aborted && !containers.some(hasFailedInit)) await start(container)
  }
  if (!signal.aborted && !containers.some(hasFailedInit)) await Promise.all(regular.map(start))

  if (!signal.aborted) terminate(running, (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000)
  await Promise.all(containers.map(({ life }) => life))
  killers.forEach(clearTimeout)
  report(host, running, regular.every((container) => lastExit(container) === 0) ? 'Succeeded' : 'Failed')
}

/**
 * Ends the containers of a pod as a kubelet does, also when only sidecars still run. All preStop hooks begin at once.
 * A sidecar gets SIGTERM when the regular containers and the later sidecars have ended. All this counts against the
 * grace period (ms). Then the remaining containers are told to end, and killed.
 */
function terminate (running: RunningPod, grace: number): void {
  const { containers, ending } = running
  const deadline = performance.now() + grace
  ending.abort()
  for (const container of containers) {
    const over = new Promise<void>((resolve) => later(running, grace, resolve))
    const ready = prepareStop(container).then(async () => await turnOf(container, containers))
    const end = (): void => {
      stop(container)
      later(running, Math.max(deadline - performance.now(), SHORTEST_GRACE), () => kill(container))
    }
    Promise.race([ready, over]).then(end, end)
  }
}

/** Resolves when a container may be told to end. */
async function turnOf (container: Container, containers: Container[]): Promise<void> {
  if (container.role !== 'sidecar') return
  await Promise.all(containers.slice(containers.indexOf(container) + 1).map(({ life }) => life))
}

/** The longest delay of a timer; a longer one would be over at once. Milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1

/** Runs a step in the end of a pod, unless the pod ends before. */
function later ({ killers }: RunningPod, ms: number, step: () => void): void {
  killers.push(setTimeout(step, Math.min(ms, LONGEST_DELAY)).unref())
}

const lastExit = ({ status: { state, lastState } }: Container): number | undefined =>
  (state.terminated ?? lastState?.terminated)?.exitCode

const hasFailedInit = (container: Container): boolean => container.role === 'init' && (lastExit(container) ?? 0) !== 0

function report ({ store, log }: Host, { pod, containers }: RunningPod, end?: 'Succeeded' | 'Failed'): void {
  const [regular, others] = [
    containers.filter(({ role }) => role === 'regular'),
    containers.filter(({ role }) => role !== 'regular')
  ]
  const isStarted = (container: Container): boolean => container.status.started || lastExit(container) !== undefined
  const ready = !end && containers.every(({ role, status }) => role === 'init' || status.ready)
  const statusesOf = (list: Container[]): Container['status'][] => list.map(({ status }) => structuredClone(status))
  const before = find(store, 'pods', pod.metadata.namespace, pod.metadata.name)?.status.phase
  const after = update(store, 'pods', pod, ({ status }) => {
    const conditions = Object.entries({ PodScheduled: true, Ready: ready }).map(([type, is]) => {
      const condition = { type, status: is ? 'True' : 'False' }
      return status.conditions?.find((each) => each.type === type && each.status === condition.status) ??
        { ...condition, lastTransitionTime: timestamp() }
    })
    Object.assign(status, {
      phase: end ?? (regular.every(isStarted) ? 'Running' : 'Pending'),
      conditions,
      startTime: status.startTime ?? timestamp(),
      ...(others.length && { initContainerStatuses: statusesOf(others) }),
      containerStatuses: statusesOf(regular)
    })
  })
  if (after && after.status.phase !== before) log(`pod ${pod.metadata.name}: ${after.status.phase}`)
}
