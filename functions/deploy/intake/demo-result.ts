import type http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import { findResult, type StoredResult } from '../../../shared/results/results.ts'
import { streamObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

const PAUSE_MS = 500

/**
 * Waits up to `seconds` for the end of a job and returns one of its result files; `undefined` when the job takes
 * longer. Throws `demo-failed` when the job did not succeed or has no such file.
 */
export async function demoResult (
  store: Store,
  job: JobRecord,
  file: string,
  seconds: number
): Promise<{ result: StoredResult, bytes: http.IncomingMessage } | undefined> {
  const ended = await terminalRecord(store, job, seconds)
  if (ended === undefined) return undefined
  const result = ended.state === 'succeeded' ? await findResult(store, ended, file) : undefined
  const bytes = result && await streamObject(store, result.key)
  if (result === undefined || bytes === undefined) {
    throw problem(
      'demo-failed',
      `The demo job ended with the state ${ended.state} (${ended.reason ?? 'reason unknown'})${
        ended.state === 'succeeded' ? ` without ${file}` : ''
      }`,
      { job_uuid: ended.job_uuid }
    )
  }
  return { result, bytes }
}

async function terminalRecord (store: Store, job: JobRecord, seconds: number): Promise<JobRecord | undefined> {
  const until = Date.now() + seconds * 1000
  let record = job
  while (!isTerminal(record.state)) {
    if (Date.now() > until) return undefined
    await sleep(PAUSE_MS)
    record = (await readRecord(store, job.job_uuid))?.record ?? record
  }
  return record
}
