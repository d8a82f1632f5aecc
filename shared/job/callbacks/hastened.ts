import type { Callback } from './callback.ts'
import type { JobRecord } from '../job-record.ts'
import { dueFor } from '../transfers/transfer-calls.ts'
import { transferOf } from '../transfers/transfer-of.ts'
import { isTransfer } from '../transfers/transfer.ts'

/**
 * The record after its connector has answered another request: the calls that wait for their next try are due now.
 * `undefined` when none waits. After each failed try of the schedule there is only one such extra try, because a
 * connector may answer other requests and still fail this one.
 */
export function hastened (record: JobRecord, now: Date): JobRecord | undefined {
  const transfer = transferOf(record)
  if (transfer === undefined || transfer.ended_at !== undefined) return undefined
  const due = dueFor(transfer, now)
  const callbacks = record.callbacks?.map((callback): Callback =>
    isTransfer(record.targets?.[callback.target]) && waits(callback, due)
      ? { ...callback, due_at: due, extra: true }
      : callback
  )
  const isChanged = callbacks?.some((callback, index) => callback !== record.callbacks![index])
  return isChanged ? { ...record, callbacks: callbacks!, revision: record.revision + 1 } : undefined
}

/** A push is no call to the connector. */
function waits ({ call, state, due_at: at = '', trying_until: trying = '', attempts }: Callback, due: string): boolean {
  const last = attempts.at(-1)
  return call !== 'push' && state === 'owed' && at > due && trying < due && last !== undefined && !last.extra
}
