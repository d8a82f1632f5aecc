import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'

/** Whether nothing more happens to a job; one that was removed has no record. */
export function hasEnded (record: JobRecord | undefined): boolean {
  return record === undefined || isTerminal(record.state)
}
