import { failed } from '../../../shared/egress/failure.ts'
import type { OutgoingRequest } from '../../../shared/egress/guarded-request.ts'
import { unsealDestination } from '../../../shared/job/push-destination.ts'
import type { Transfer } from '../../../shared/job/transfer.ts'
import { archiveResults } from '../../../shared/results/archive-results.ts'
import { findResult } from '../../../shared/results/results.ts'
import { streamObject } from '../../../shared/store/object-store.ts'
import type { Told } from '../callbacks/callback-kind.ts'

/** What a push may take as a whole. One that is cut off before that is begun again from the start. */
export const PUSH_MS = 30 * 60_000

/**
 * The request that brings the results to where the consumer wants them: one file as what it is, or all in one archive.
 * Nobody there could follow a list.
 */
export async function pushResults (
  { record, target: transfer, settings, store }: Told<Transfer>
): Promise<OutgoingRequest> {
  if (transfer.suspended_at !== undefined) throw failed('Suspended', 'the transfer is suspended')
  const { url, header } = unsealDestination(settings.resultTokenKey, record.job_uuid, transfer.sealed_destination!)
  const request = { method: 'POST', url, timeoutMs: PUSH_MS }
  if (typeof transfer.result !== 'object') {
    return {
      ...request,
      headers: { ...header, 'content-type': 'application/x-tar' },
      body: await archiveResults(store, record)
    }
  }
  const result = await findResult(store, record, transfer.result.file)
  const body = result && await streamObject(store, result.key, result.etag)
  if (result === undefined || body === undefined) {
    throw failed('ResultMissing', `the job has no result file ${transfer.result.file}`)
  }
  return {
    ...request,
    headers: { ...header, 'content-type': result.content_type, 'content-length': String(result.size) },
    body
  }
}
