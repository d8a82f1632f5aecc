import type { JobRecord } from '../job-record.ts'
import { isTransfer, type Transfer } from './transfer.ts'

/** The transfer for which a job was created, if there is one. */
export function transferOf ({ targets = [] }: JobRecord): Transfer | undefined {
  return targets.find(isTransfer)
}

/** The record with its transfer changed and nothing else. The value `undefined` removes a field. */
export function withTransfer (
  record: JobRecord,
  change: { [K in keyof Transfer]?: Transfer[K] | undefined }
): JobRecord {
  const targets = (record.targets ?? []).map((target) =>
    isTransfer(target) ? { ...target, ...change } as Transfer : target
  )
  return { ...record, targets }
}
