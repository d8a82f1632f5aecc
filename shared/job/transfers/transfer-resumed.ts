import type { JobRecord } from '../job-record.ts'
import { withTransfer } from './transfer-of.ts'

/**
 * The record after its transfer was resumed: the result token is valid again, and a push that was held, or that waits
 * for its next try, is due now. It is not a new revision.
 */
export function transferResumed (record: JobRecord, now: Date): JobRecord {
  const callbacks = record.callbacks?.map((callback) =>
    callback.call === 'push' && callback.state === 'owed' ? { ...callback, due_at: now.toISOString() } : callback
  )
  return { ...withTransfer(record, { suspended_at: undefined }), ...(callbacks && { callbacks }) }
}
