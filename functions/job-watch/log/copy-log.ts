import type http from 'node:http'
import { askApiServer } from '../../../shared/kubernetes/ask-api-server.ts'
import { type Cluster, kubernetesUnavailable } from '../../../shared/kubernetes/cluster.ts'
import { type ContainerLog, logBytes, LogUnreadable } from '../../../shared/kubernetes/container-log.ts'
import type { LogWindow } from './log-window.ts'

/** How long a log that is followed may have no new line, before it is asked for again. */
const SILENCE_MS = 300_000

/** How long the bytes that the window has already may take. If they do not come, the file is another, shorter one. */
const KNOWN_MS = 5_000

interface LogQuery {
  follow?: boolean
  tailLines?: number | undefined
  signal?: AbortSignal
}

/** The answer with the bytes of a log; `undefined` when there is no such log (any more). */
export async function openLog (
  { api, namespace }: Cluster,
  { pod, container }: ContainerLog,
  { follow = false, tailLines, signal }: LogQuery
): Promise<http.IncomingMessage | undefined> {
  const query = new URLSearchParams({
    container,
    ...follow && { follow: 'true' },
    ...tailLines !== undefined && { tailLines: String(tailLines) }
  })
  const patient = { ...api, patience: { ...api.patience, silenceMs: SILENCE_MS } }
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`
  const response = await askApiServer({ api: patient }, path, { signal, isLog: true }).catch((error: unknown) => {
    throw kubernetesUnavailable(error)
  })
  if (response.statusCode === 200) return response
  response.resume()
  // 400: the container has not started.
  if (response.statusCode === 404 || response.statusCode === 400) return undefined
  throw kubernetesUnavailable(new Error(`the API server answered ${response.statusCode} instead of the log of ${pod}`))
}

/** Whether the ends of both are equal, as far as both reach. */
function endsAlike (one: Buffer, other: Buffer): boolean {
  const length = Math.min(one.length, other.length)
  return one.subarray(one.length - length).equals(other.subarray(other.length - length))
}

export interface Copy {
  window: LogWindow
  /** The offset in the window that the first byte of the file has: the kubelet sends only the newest file of a log. */
  base: number
}

/**
 * Adds to the window what it lacks of the log, up to the end of the file, or with `follow` to the end of the container.
 * `added` is called after each piece. Returns `undefined` when there is no log (any more), and `rotated` when the file
 * is not the one that the window has the begin of.
 */
export async function copyLog (
  cluster: Cluster,
  from: ContainerLog,
  { window, base }: Copy,
  { added, ...query }: LogQuery & { added: () => void }
): Promise<'copied' | 'rotated' | undefined> {
  const response = await openLog(cluster, from, query)
  if (response === undefined) return undefined
  const known = window.size() - base
  const expected = window.tail()
  let passed = 0
  let last: Buffer = Buffer.alloc(0)
  const late = setTimeout(() => passed < known && response.destroy(), KNOWN_MS).unref()
  try {
    for await (const chunk of logBytes(response, from)) {
      if (passed < known) late.refresh()
      const old = chunk.subarray(0, Math.max(known - passed, 0))
      if (old.length > 0) {
        passed += old.length
        last = Buffer.concat([last, old.subarray(-256)]).subarray(-256)
      }
      if (passed < known) continue
      if (!endsAlike(last, expected)) return 'rotated'
      if (chunk.length === old.length) continue
      window.add(chunk.subarray(old.length))
      added()
    }
  } catch (error) {
    if (error instanceof LogUnreadable && (passed < known || passed === 0)) return undefined
    // A part is better than none; the next copy goes on behind it.
    if (query.signal?.aborted !== true && passed === 0) throw kubernetesUnavailable(error)
    return passed < known ? 'rotated' : 'copied'
  } finally {
    clearTimeout(late)
    response.destroy()
  }
  return passed < known ? 'rotated' : 'copied'
}

/**
 * The base of the file that the kubelet sends now, after a rotation: found by the last bytes of the window. `undefined`
 * when they are no longer there, so that lines are lost. Throws LogUnreadable when there is no file (any more).
 */
export async function newBase (cluster: Cluster, from: ContainerLog, window: LogWindow): Promise<number | undefined> {
  const response = await openLog(cluster, from, {})
  if (response === undefined) throw new LogUnreadable(`${from.pod} has no log any more`)
  const wanted = window.tail()
  let passed = 0
  let kept: Buffer = Buffer.alloc(0)
  for await (const chunk of logBytes(response, from)) {
    const bytes = Buffer.concat([kept, chunk])
    const at = bytes.indexOf(wanted)
    if (at !== -1) return window.size() - (passed - kept.length + at + wanted.length)
    passed += chunk.length
    kept = Buffer.from(bytes.subarray(-wanted.length))
  }
  return undefined
}
