import { Type } from 'typebox'
import { invalidField, problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import type { CheckRecord } from './condition-on-job.ts'
import { LONGEST_SECONDS } from './retention.ts'

export const KeepBody = Type.Object({
  expires_at: Type.String({
    format: 'date-time',
    description: 'RFC 3339; not before the current value, and at most 366 days from now'
  })
}, { additionalProperties: false, title: 'KeepRequest' })

/**
 * Keeps a job that has ended longer than its template says; `undefined` when there is no such job. The time is never
 * made shorter, so each of several callers can rely on its answer. A job that has not ended has no `expires_at` yet.
 * `check` throws if the caller wants to change another state of the job.
 */
export async function keepJob (
  store: Store,
  id: string,
  until: string,
  check: CheckRecord
): Promise<JobRecord | undefined> {
  const wanted = new Date(until)
  // RFC 3339 allows a leap second, but `Date` does not.
  if (Number.isNaN(wanted.getTime())) {
    throw invalidField('expires_at', 'is not a supported time; leap seconds are not supported')
  }
  return await advanceRecord(store, id, (record, etag) => {
    const { expires_at: present, revision } = record
    if (present === undefined) {
      throw problem('job-not-ended', 'The job has no expiry time before it has ended; send the request again then', {
        job_uuid: id,
        errors: [{ field: 'expires_at', message: 'can be set only after the job has ended' }]
      })
    }
    check(record, etag)
    const next = wanted.toISOString()
    if (next === present) return undefined
    if (wanted < new Date(present)) {
      throw invalidField('expires_at', `must not be before the current value ${present}`)
    }
    const latest = new Date(Date.now() + LONGEST_SECONDS * 1000)
    if (wanted > latest) {
      throw invalidField('expires_at', `must not be after ${latest.toISOString()}, which is 366 days from now`)
    }
    return { ...record, revision: revision + 1, expires_at: next }
  })
}
