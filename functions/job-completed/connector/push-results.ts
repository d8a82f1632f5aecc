import { failed } from '../../../shared/egress/failure.ts'
import type { OutgoingRequest } from '../../../shared/egress/exchange.ts'
import { unsealDestination } from '../../../shared/job/transfers/push-destination.ts'
import type { Transfer } from '../../../shared/job/transfers/transfer.ts'
import { archiveResults } from '../../../shared/results/archive/archive-results.ts'
import { findResult } from '../../../shared/results/results.ts'
import { streamObject } from '../../../shared/store/object-store.ts'
import type { Told } from '../callbacks/callback-kind.ts'

/** The time limit of a whole push, in ms. An interrupted push starts again from the beginning. */
export const PUSH_MS = 30 * 60_000

/**
 * The request that sends the results to the consumer's destination: one file as it is, or all files in one archive. It
 * never sends a list of files, because the destination could not download them. Throws `ResultMissing`.
 */
export async function pushResults (
  { record, target: transfer, settings, store }: Told<Transfer>
): Promise<OutgoingRequest> {
  const { url, header } = unsealDestination(settings.resultTokenKey, record.job_uuid, transfer.sealed_destination!)
  const request = { method: 'POST', url, timeoutMs: PUSH_MS }
  if (typeof transfer.result !== 'object') {
    const { size, bytes } = await archiveResults(store, record)
    return {
      ...request,
      headers: { ...header, 'content-type': 'application/x-tar', 'content-length': String(size) },
      body: bytes()
    }
  }
  const result = await findResult(store, record, transfer.result.file)
  const body = result && await streamObject(store, result.key)
  if (result === undefined || body === undefined) {
    throw failed('ResultMissing', `the job has no result file ${transfer.result.file}`)
  }
  return {
    ...request,
    headers: { ...header, 'content-type': result.content_type, 'content-length': String(result.size) },
    body
  }
}
