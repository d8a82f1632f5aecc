import { Type, type Static } from 'typebox'
import { type EgressRules, refusedUrl } from '../../../shared/egress/egress-rules.ts'
import { SecretName, webhookKeys } from '../../../shared/events/webhook-secrets.ts'
import { invalidField } from '../../../shared/http/problem.ts'
import { toldStates, type Webhook } from '../../../shared/job/callbacks/target.ts'

export const CallbackBody = Type.Object({
  url: Type.String({
    minLength: 1,
    maxLength: 2048,
    description: 'An https URL with a public address, or a URL whose origin the operator has allowed'
  }),
  events: Type.Optional(Type.Array(Type.Unsafe<Webhook['events'][number]>(Type.String({ enum: [...toldStates], title: 'ToldState' })), {
    minItems: 1,
    uniqueItems: true,
    description: 'The job states that cause a callback; by default the four states in which a job ends'
  })),
  secret_ref: Type.Optional(SecretName)
}, {
  title: 'CallbackRequest',
  additionalProperties: false,
  description: 'The receiver of callbacks about the job. A callback is a CloudEvent, signed as in Standard Webhooks 1.0'
})

export interface WebhookRules {
  egress: EgressRules
  secretsDir: string | undefined
  /** The name of the secret for a callback that names none. */
  defaultSecret: string | undefined
}

/**
 * Checks the callback that a caller requests, without a request to the receiver. Every callback must have a secret to
 * sign it, because a receiver cannot distinguish an unsigned callback from a forged one.
 */
export function webhookOf (
  { url, events = ['succeeded', 'failed', 'canceled', 'lost'], secret_ref: named }: Static<typeof CallbackBody>,
  { egress, secretsDir, defaultSecret }: WebhookRules
): Webhook {
  const refused = refusedUrl(url, egress)
  if (refused !== undefined) throw invalidField('callback.url', refused)
  const secret = named ?? defaultSecret
  if (secret === undefined) {
    throw invalidField('callback.secret_ref', 'is missing, and the operator has set no default secret for callbacks')
  }
  if (!isUsable(secretsDir, secret)) {
    throw invalidField('callback.secret_ref', `there is no usable secret with the name ${secret}`)
  }
  return { kind: 'webhook', url, events, secret_ref: secret }
}

function isUsable (folder: string | undefined, name: string): boolean {
  try {
    return webhookKeys(folder, name).length > 0
  } catch {
    // The reason is for the operator only. Callers must not learn details of a secret.
    return false
  }
}
