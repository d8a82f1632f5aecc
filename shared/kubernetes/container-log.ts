import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'

/** The log of a container that runs or has run. */
export interface ContainerLog {
  pod: string
  container: string
  /** The uid of the pod and the id of the container. What the kubelet says of this log has one of them. */
  ids: string[]
}

export function containerLog ({ metadata }: V1Pod, { name, containerID }: V1ContainerStatus): ContainerLog {
  const ids = [metadata?.uid, containerID?.replace(/^.*:\/\//, '')].filter((id) => id !== undefined && id !== '')
  return { pod: metadata!.name!, container: name, ids: ids as string[] }
}

/** The log could not be read, or not further. The message is what the kubelet says. */
export class LogUnreadable extends Error {}

/** The longest that the kubelet says. It can have the path of a log twice, with the names of namespace and pod. */
const LONGEST = 2048

const NEWLINE = 0x0a

/**
 * The bytes of a log, from the body of an answer of the API server. The kubelet answers with 200 before it opens a log.
 * When it then cannot read it, for example because the container was removed a moment ago, it writes the error behind
 * the bytes, without a newline. That is no part of the log, and is thrown as LogUnreadable.
 * https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/kubelet/server/server.go (getContainerLogs)
 */
export async function * logBytes (body: AsyncIterable<Buffer>, { ids }: ContainerLog): AsyncGenerator<Buffer> {
  /** The end so far, if it may be the begin of what the kubelet says. */
  let held: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of body) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const line = bytes.lastIndexOf(NEWLINE) + 1
      const first = bytes.toString('latin1', line).search(FIRST_WORDS)
      const sure = first === -1 ? bytes.length : Math.max(line + first, bytes.length - LONGEST)
      if (sure > 0) yield bytes.subarray(0, sure)
      held = Buffer.from(bytes.subarray(sure))
    }
  } catch (error) {
    if (held.length > 0) yield held
    throw error
  }
  const at = beginOfWords(held.toString('latin1'), ids)
  if (at > 0) yield held.subarray(0, at)
  if (at < held.length) throw new LogUnreadable(held.toString('utf8', at))
}

const FIRST_WORDS = /unable t|failed t|rpc erro/

/** Each error that the kubelet can have after it has begun to answer, by its first words. */
const WORDS = new RegExp([
  'unable to retrieve container logs for ',
  'failed to (?:try|open|tail|seek|read|reset|watch)[^"]* "',
  'failed to create fsnotify watcher: ',
  'rpc error: code = '
].join('|'), 'g')

/** Where the words of the kubelet begin at the end of a log; its length when there are none. */
function beginOfWords (end: string, ids: string[]): number {
  const matches = [...end.matchAll(WORDS)].reverse()
  const words = matches.find(({ 0: first, index }) =>
    // This one names no log. A workload hardly says it, and then ends without a newline.
    first.includes('fsnotify') || ids.some((id) => end.includes(id, index))
  )
  return words?.index ?? end.length
}
