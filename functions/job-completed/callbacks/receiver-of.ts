import type { Callback } from '../../../shared/job/callbacks/callback.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { unsealDestination } from '../../../shared/job/transfers/push-destination.ts'
import type { CallbackSettings } from './callback-settings.ts'

/** The host that gets a callback. One that answers slowly must not delay the callbacks to others. */
export function receiverOf (
  { job_uuid: id, targets = [] }: JobRecord,
  { target: index, call }: Callback,
  { resultTokenKey, sink }: CallbackSettings
): string {
  const target = targets[index]!
  if (target.kind === 'webhook') return hostIn(target.url)
  if (target.kind === 'sink') return hostIn(sink?.url)
  if (call !== 'push' || target.sealed_destination === undefined) return hostIn(target.callback_address)
  try {
    return hostIn(unsealDestination(resultTokenKey, id, target.sealed_destination).url)
  } catch {
    // It was sealed with another key. The attempt tells that.
    return ''
  }
}

function hostIn (url = ''): string {
  return URL.canParse(url) ? new URL(url).host : ''
}
