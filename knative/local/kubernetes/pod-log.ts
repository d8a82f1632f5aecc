import { open, readFile } from 'node:fs/promises'
import { type Host, logFile, pause } from './container.ts'
import type { Pod } from './objects.ts'
import { refusal } from './refusal.ts'
import { find } from './store.ts'

const FOLLOW_INTERVAL = 100
const CHUNK = 64 * 1024
const NEWLINE = 0x0a

/**
 * The log of a container with its bytes unchanged. With `follow`, it continues as long as the container runs. The lines
 * have no timestamps here, so a query by time is refused.
 */
export function podLog (
  host: Host,
  pod: Pod,
  query: Record<string, string>
): (signal: AbortSignal) => AsyncIterable<Buffer> {
  const { name, namespace } = pod.metadata
  const { containers: [only, ...others], initContainers = [] } = pod.spec
  const known = [...pod.spec.containers, ...initContainers].map((each) => each.name)
  const container = query.container ?? (others.length ? undefined : only?.name)
  if (!container) {
    throw refusal(
      'BadRequest',
      `a container name must be specified for pod ${name}, choose one of: [${known.join(' ')}]`
    )
  }
  if (!known.includes(container)) throw refusal('BadRequest', `container ${container} is not valid for pod ${name}`)
  const asked = ['sinceSeconds', 'sinceTime', 'timestamps', 'previous'].find((option) =>
    query[option] && query[option] !== 'false'
  )
  if (asked) throw refusal('BadRequest', `the local host does not support ${asked}`)
  const { state, lastState } = statusOf(pod, container) ?? {}
  if (!state?.running && !state?.terminated && !lastState) {
    throw refusal(
      'BadRequest',
      `container "${container}" in pod "${name}" is waiting to start: ${state?.waiting?.reason}`
    )
  }

  const following = (): boolean =>
    query.follow === 'true' && Boolean(statusOf(find(host.store, 'pods', namespace, name), container)?.state?.running)
  return (signal) =>
    readLog(
      logFile(host, pod, container),
      Number(query.tailLines ?? Infinity),
      Number(query.limitBytes ?? Infinity),
      following,
      signal
    )
}

function statusOf (pod: Pod | undefined, container: string) {
  return [...pod?.status.containerStatuses ?? [], ...pod?.status.initContainerStatuses ?? []].find(({ name }) =>
    name === container
  )
}

async function * readLog (
  path: string,
  tailLines: number,
  limitBytes: number,
  following: () => boolean,
  signal: AbortSignal
): AsyncGenerator<Buffer> {
  await using file = await open(path)
  let position = await startOfTail(path, tailLines)
  for (let left = limitBytes; left > 0 && !signal.aborted;) {
    const more = following()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(CHUNK, left)), { position })
    if (bytesRead) yield buffer.subarray(0, bytesRead)
    else if (!more) return
    else await pause(FOLLOW_INTERVAL, signal)
    position += bytesRead
    left -= bytesRead
  }
}

/** The position where the last lines begin. A last line without a newline counts as a line. */
async function startOfTail (path: string, lines: number): Promise<number> {
  if (lines === Infinity) return 0
  const bytes = await readFile(path)
  if (lines === 0) return bytes.length
  let end = bytes.length - (bytes.at(-1) === NEWLINE ? 1 : 0)
  for (let count = 0; count < lines && end >= 0; count++) end = end > 0 ? bytes.lastIndexOf(NEWLINE, end - 1) : -1
  return end + 1
}
