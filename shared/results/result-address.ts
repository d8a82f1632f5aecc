import { percentEncode } from '../http/percent-encode.ts'
import type { Result } from '../job/transfers/transfer.ts'

/** Where the results of a job are, for whoever has its token: one file, the list of all, or all in one archive. */
export function resultAddress (publicUrl: string, id: string, result: Result): string {
  const results = `${publicUrl}/job/${id}/result`
  return typeof result === 'object' ? `${results}?file=${percentEncode(result.file)}` : `${results}/${result}`
}
