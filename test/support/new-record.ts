import { createdAt, newJobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'

/** A record as deploy creates it. */
export function newRecord (more: Partial<JobRecord> = {}): JobRecord {
  const id = more.job_uuid ?? newJobId()
  const at = createdAt(id).toISOString()
  return {
    job_uuid: id,
    revision: 1,
    state: 'accepted',
    template: 'test',
    env: {},
    created_at: at,
    start_by: new Date(createdAt(id).getTime() + 600_000).toISOString(),
    retention_seconds: 30 * 24 * 3600,
    history: [{ state: 'accepted', at }],
    ...more
  }
}
