import type { JobRecord } from './job-record.ts'
import { isTransfer, type Transfer } from './transfer.ts'

/** The transfer that a job was made for, if one was. */
export function transferOf ({ targets = [] }: JobRecord): Transfer | undefined {
  return targets.find(isTransfer)
}

/** The record with its transfer changed, and all else as it is; `undefined` takes a fact away. */
export function withTransfer (
  record: JobRecord,
  change: { [K in keyof Transfer]?: Transfer[K] | undefined }
): JobRecord {
  const targets = (record.targets ?? []).map((target) =>
    isTransfer(target) ? { ...target, ...change } as Transfer : target
  )
  return { ...record, targets }
}
