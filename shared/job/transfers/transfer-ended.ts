import { advance } from '../advance.ts'
import { dropped } from '../callbacks/dropped.ts'
import type { JobRecord } from '../job-record.ts'
import { plainly } from '../reasons/why.ts'
import { transferOf, withTransfer } from './transfer-of.ts'
import { isTransfer } from './transfer.ts'

/**
 * The record after its transfer has ended for any reason: the result token is no longer valid, the callbacks that the
 * connector is owed are dropped, and a job that still runs is asked to stop. `undefined` when the record shows the end
 * already. The outcome of an ended job stays as it is.
 */
export function transferEnded (record: JobRecord, now: Date, how?: 'completed'): JobRecord | undefined {
  const transfer = transferOf(record)
  if (transfer === undefined || transfer.ended_at !== undefined) return undefined
  const told = withTransfer(record, { ended_at: now.toISOString(), ...(how === 'completed' && { completed: true }) })
  const target = (record.targets ?? []).findIndex(isTransfer)
  if (told.callbacks !== undefined) {
    told.callbacks = told.callbacks.map((callback) => callback.target === target ? dropped(callback) : callback)
  }
  const stopped = record.stop === undefined
    ? advance(told, { stop: { reason: 'TransferEnded', at: now.toISOString() }, ...plainly('TransferEnded') }, now)
    : undefined
  return stopped ?? { ...told, revision: record.revision + 1 }
}
