import { namesRecord } from '../../shared/job/job-etag.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import type { FoundRecord } from '../../shared/job/record-store.ts'
import type { WatchJob } from '../../shared/job/watch-jobs.ts'

/** The longest wait in seconds. Knative and most proxies allow longer requests, but some proxies do not. */
const LONGEST_WAIT = 50

/**
 * The seconds of `Prefer: wait=N` (RFC 7240), at most 50; 0 without one. The RFC says to ignore an invalid preference.
 */
export function preferredWait (prefer: string | undefined): number {
  const [, seconds] = /(?:^|[,;])\s*wait\s*=\s*"?(\d+)"?\s*(?:[,;]|$)/i.exec(prefer ?? '') ?? []
  return Math.min(Number(seconds ?? 0), LONGEST_WAIT)
}

/**
 * Waits until a record has news or the time is over. Without `known`, news is a terminal state. With `known` (the
 * caller's `If-None-Match`), news is any change of the record. The counts of results are not news: they may change with
 * every file. Returns the record as it is then, or `undefined` when it was removed.
 */
export async function waitForJob (
  watch: WatchJob,
  first: FoundRecord,
  { seconds, known, signal }: { seconds: number, known?: string | undefined, signal: AbortSignal }
): Promise<FoundRecord | undefined> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)])
  const isNews = ({ record, etag }: FoundRecord): boolean =>
    known === undefined ? isTerminal(record.state) : !namesRecord(known, etag)
  let found: FoundRecord | undefined = first
  while (found !== undefined && !isNews(found) && !over.aborted) found = await watch(found, over)
  return found
}
