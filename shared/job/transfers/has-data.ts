import type { JobRecord } from '../job-record.ts'
import type { Transfer } from './transfer.ts'

/** Whether the job of a transfer has made the data that the transfer asks for. */
export function hasData ({ state }: JobRecord, { result_missing: isMissing }: Transfer): boolean {
  return state === 'succeeded' && !isMissing
}
