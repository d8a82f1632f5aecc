import type { Exchange } from './chaos-proxy.ts'

/** One write of a record. */
export interface Write {
  revision: number
  state: string
}

export interface WrittenStates {
  isObserved: (method: string, path: string) => boolean
  observe: (exchange: Exchange) => void
  /** The writes of a record, in the order of their revisions. */
  of: (id: string) => Write[]
}

const RECORD = /^\/[^/]+\/state\/([0-9a-f-]{36})\.json(?:\?|$)/

/**
 * Reads from the requests to the store which states every record has had. A poll would miss states that last a moment,
 * and writes that another one has overwritten.
 */
export function writtenStates (): WrittenStates {
  const writes = new Map<string, Write[]>()
  return {
    isObserved: (method, path) => method === 'PUT' && RECORD.test(path),
    observe ({ path, sent, status }) {
      const id = RECORD.exec(path)![1]!
      if (status !== 200) return
      const { revision, state } = JSON.parse(sent.toString()) as Partial<Write>
      // What stands for a record that is being removed has none.
      if (revision === undefined || state === undefined) return
      writes.set(id, [...writes.get(id) ?? [], { revision, state }])
    },
    of: (id) => (writes.get(id) ?? []).toSorted((one, other) => one.revision - other.revision)
  }
}
