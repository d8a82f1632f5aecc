import type { JobRecord } from '../../../shared/job/job-record.ts'

/** The answer to a signal of a data flow, and the work to do after the answer is sent. */
export interface FlowAnswer {
  /** The job's id. */
  id: string
  status: 200 | 202
  location?: string
  body: object
  /** The record of the job, if the signal made it. */
  made?: JobRecord
  work?: () => Promise<unknown>
}
