import { advance } from './advance.ts'
import type { JobRecord } from './job-record.ts'
import { transferOf, withTransfer } from './transfer-of.ts'
import { isTransfer } from './transfer.ts'

/**
 * The record once its transfer has ended, by whosever wish: its token opens nothing any more, what was still owed to
 * the connector is not, and a job that still runs is asked to stop. `undefined` when that is known already. What a
 * terminal record says of its job stays as it is.
 */
export function transferEnded (record: JobRecord, now: Date, how?: 'completed'): JobRecord | undefined {
  const transfer = transferOf(record)
  if (transfer === undefined || transfer.ended_at !== undefined) return undefined
  const told = withTransfer(record, { ended_at: now.toISOString(), ...(how === 'completed' && { completed: true }) })
  const target = (record.targets ?? []).findIndex(isTransfer)
  if (told.callbacks !== undefined) {
    told.callbacks = told.callbacks.filter((callback) => callback.target !== target || callback.state === 'delivered')
  }
  const stopped = record.stop === undefined
    ? advance(told, { stop: { reason: 'TransferEnded', at: now.toISOString() }, reason: 'TransferEnded' }, now)
    : undefined
  return stopped ?? { ...told, revision: record.revision + 1 }
}
