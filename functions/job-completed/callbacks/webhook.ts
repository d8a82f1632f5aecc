import { createHmac } from 'node:crypto'
import { HTTP } from 'cloudevents'
import { failed } from '../../../shared/egress/failure.ts'
import { jobEvent } from '../../../shared/events/job-event.ts'
import { webhookKeys } from '../../../shared/events/webhook-secrets.ts'
import type { State } from '../../../shared/job/job-state.ts'
import type { Webhook } from '../../../shared/job/callbacks/target.ts'
import type { CallbackKind } from './callback-kind.ts'
import { outcomeOf } from './outcome-of.ts'

/** Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const webhook: CallbackKind<Webhook> = {
  request ({ record, callback, target: { url, secret_ref: secret }, settings: { publicUrl, secretsDir } }) {
    const { headers, body } = HTTP.structured(jobEvent(record, callback.call as State, publicUrl))
    const id = `${record.job_uuid}-${callback.id}`
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signatures = keysOf(secretsDir, secret).map((key) =>
      `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body as string}`).digest('base64')}`
    )
    return {
      method: 'POST',
      url,
      headers: {
        ...headers as Record<string, string>,
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatures.join(' ')
      },
      body: body as string
    }
  },
  outcome: outcomeOf
}

function keysOf (folder: string | undefined, name: string): Buffer[] {
  try {
    return webhookKeys(folder, name)
  } catch (cause) {
    // The secret was there when the job was accepted. The callback is tried again later, because the operator may
    // restore it.
    throw failed(
      'SecretUnavailable',
      `the webhook cannot be signed: WEBHOOK_SECRETS_DIR has no usable secret ${name}`,
      cause
    )
  }
}
