import { Type } from 'typebox'
import { invalidField, problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { LONGEST_SECONDS } from './retention.ts'

export const KeepBody = Type.Object({
  expires_at: Type.String({
    format: 'date-time',
    description: 'RFC 3339; not before the present one, and at most 366 days ahead'
  })
}, { additionalProperties: false })

/**
 * Keeps a job that has ended longer than its template says; `undefined` for no such job. Never shorter: of several who
 * need it, each can rely on what he was told. One that has not ended has no end of its retention yet that could be too
 * early.
 */
export async function keepJob (store: Store, id: string, until: string): Promise<JobRecord | undefined> {
  const wanted = new Date(until)
  // What RFC 3339 allows and no calendar here knows: a leap second.
  if (Number.isNaN(wanted.getTime())) throw invalidField('expires_at', 'is no time that is known here')
  return await advanceRecord(store, id, (record) => {
    const { expires_at: present, revision } = record
    if (present === undefined) {
      throw problem('job-not-ended', 'Only a job that has ended expires; ask again then', {
        job_uuid: id,
        errors: [{ field: 'expires_at', message: 'is not known before the job has ended' }]
      })
    }
    const next = wanted.toISOString()
    if (next === present) return undefined
    if (wanted < new Date(present)) {
      throw invalidField('expires_at', `must not be before ${present}: a job is only kept longer`)
    }
    const latest = new Date(Date.now() + LONGEST_SECONDS * 1000)
    if (wanted > latest) {
      throw invalidField('expires_at', `must not be after ${latest.toISOString()}: 366 days from now`)
    }
    return { ...record, revision: revision + 1, expires_at: next }
  })
}
