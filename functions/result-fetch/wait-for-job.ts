import { setTimeout as sleep } from 'node:timers/promises'
import { isTerminal } from '../../shared/job/job-state.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { matchesEtag } from './matches-etag.ts'

/** The longest a request is held; Knative and most proxies allow more, but not all of them. */
const LONGEST_WAIT = 50

const PAUSE_MS = 500

/**
 * The seconds of `Prefer: wait=N` (RFC 7240), at most 50; 0 without one. A preference that cannot be read is ignored,
 * as the RFC wants.
 */
export function preferredWait (prefer: string | undefined): number {
  const [, seconds] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(prefer ?? '') ?? []
  return Math.min(Number(seconds ?? 0), LONGEST_WAIT)
}

/**
 * Reads the record, again and again until the caller has something new to see or the time is over: without `known` that
 * is a terminal state, with `known` (the caller's `If-None-Match`) any change.
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
      (known === undefined ? isTerminal(found.record.state) : !matchesEtag(known, found.etag))
    if (news || Date.now() + PAUSE_MS > until || signal.aborted) return found
    await sleep(PAUSE_MS, undefined, { signal }).catch((error) => {
      // Nobody listens any more, or the function is to stop: the answer is what is known now.
      if (!signal.aborted) throw error
    })
  }
}
