import { setTimeout as sleep } from 'node:timers/promises'
import { namesRecord } from '../../shared/job/job-etag.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

/** The longest wait in seconds. Knative and most proxies allow longer requests, but some proxies do not. */
const LONGEST_WAIT = 50

const PAUSE_MS = 500

/**
 * The seconds of `Prefer: wait=N` (RFC 7240), at most 50; 0 without one. The RFC says to ignore an invalid preference.
 */
export function preferredWait (prefer: string | undefined): number {
  const [, seconds] = /(?:^|[,;])\s*wait\s*=\s*"?(\d+)"?\s*(?:[,;]|$)/i.exec(prefer ?? '') ?? []
  return Math.min(Number(seconds ?? 0), LONGEST_WAIT)
}

/**
 * Reads the record repeatedly until it has news or the time is over. Without `known`, news is a terminal state. With
 * `known` (the caller's `If-None-Match`), news is any change of the record. The counts of results are not news: they
 * may change with every file.
 */
export async function waitForJob (
  store: Store,
  id: string,
  { seconds, known, signal }: { seconds: number, known?: string | undefined, signal: AbortSignal }
): ReturnType<typeof readRecord> {
  const until = Date.now() + seconds * 1000
  while (true) {
    const found = await readRecord(store, id)
    const news = found === undefined ||
      (known === undefined ? isTerminal(found.record.state) : !namesRecord(known, found.etag))
    if (news || Date.now() + PAUSE_MS > until || signal.aborted) return found
    await sleep(PAUSE_MS, undefined, { signal }).catch((error) => {
      // The client has disconnected or the function is stopping. Return the record as it is now.
      if (!signal.aborted) throw error
    })
  }
}
