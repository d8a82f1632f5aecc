import { namesRecord } from '../../shared/job/job-etag.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import type { FoundRecord } from '../../shared/job/record-store.ts'
import type { WatchJob } from '../../shared/job/watch-jobs.ts'
import { preferencesIn } from './preferences-in.ts'

/** The longest wait in seconds. Knative and most proxies allow longer requests, but some proxies do not. */
const LONGEST_WAIT = 50

/**
 * The seconds of `Prefer: wait=N`, at most 50; 0 without a valid one. Clients write it as a parameter, too:
 * `respond-async; wait=N`.
 */
export function preferredWait (prefer: string | undefined): number {
  const preferences = preferencesIn(prefer)
  const asParameter = [...preferences.values()].flatMap(({ parameters }) => parameters.get('wait') ?? [])
  const seconds = preferences.get('wait')?.value ?? asParameter[0] ?? ''
  return /^\d+$/.test(seconds) ? Math.min(Number(seconds), LONGEST_WAIT) : 0
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
