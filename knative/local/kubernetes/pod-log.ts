import { type FileHandle, open } from 'node:fs/promises'
import { type Host, logFile, pause } from './container.ts'
import type { Pod } from './objects.ts'
import { refusal } from './refusal.ts'
import { find } from './store.ts'

const FOLLOW_INTERVAL = 100
const CHUNK = 64 * 1024

/** The log of a container, bytes untouched. It follows as long as the container runs. Lines have no times here, so nothing can be asked by time. */
export function podLog (host: Host, pod: Pod, query: Record<string, string>): (signal: AbortSignal) => AsyncIterable<Buffer> {
  const { name, namespace } = pod.metadata
  const known = [...pod.spec.containers, ...pod.spec.initContainers ?? []].map((each) => each.name)
  const container = query.container ?? (known.length === 1 ? known[0] : undefined)
  if (!container) throw refusal('BadRequest', `a container name must be specified for pod ${name}, choose one of: [${known.join(' ')}]`)
  if (!known.includes(container)) throw refusal('BadRequest', `container ${container} is not valid for pod ${name}`)
  const asked = ['sinceSeconds', 'sinceTime', 'timestamps', 'previous'].find((option) => query[option] && query[option] !== 'false')
  if (asked) throw refusal('BadRequest', `the local host does not know ${asked}`)
  const { state, lastState } = statusOf(pod, container) ?? {}
  if (!state?.running && !state?.terminated && !lastState) throw refusal('BadRequest', `container "${container}" in pod "${name}" is waiting to start: ${state?.waiting?.reason}`)

  const following = (): boolean => query.follow === 'true' && Boolean(statusOf(find(host.store, 'pods', namespace, name), container)?.state?.running)
  return (signal) => readLog(logFile(host, pod, container), Number(query.tailLines ?? Infinity), Number(query.limitBytes ?? Infinity), following, signal)
}

function statusOf (pod: Pod | undefined, container: string) {
  return [...pod?.status.containerStatuses ?? [], ...pod?.status.initContainerStatuses ?? []].find(({ name }) => name === container)
}

async function * readLog (path: string, tailLines: number, limitBytes: number, following: () => boolean, signal: AbortSignal): AsyncGenerator<Buffer> {
  await using file = await open(path)
  let position = await startOfTail(file, tailLines)
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

/** Where the last lines begin; a last line without its newline counts. */
async function startOfTail (file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat()
  if (lines === 0) return size
  if (lines === Infinity) return 0
  for (let end = size, newlines = 0; end > 0; end -= CHUNK) {
    const start = Math.max(0, end - CHUNK)
    const { buffer } = await file.read(Buffer.alloc(end - start), { position: start })
    for (let at = buffer.length - 1; at >= 0; at--) {
      if (buffer[at] === 0x0a && start + at < size - 1 && ++newlines === lines) return start + at + 1
    }
  }
  return 0
}
