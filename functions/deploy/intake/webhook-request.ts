import { Type, type Static } from 'typebox'
import { type EgressRules, refusedUrl } from '../../../shared/egress/egress-rules.ts'
import { SecretName, webhookKeys } from '../../../shared/events/webhook-secrets.ts'
import { invalidField } from '../../../shared/http/problem.ts'
import { toldStates, type Webhook } from '../../../shared/job/target.ts'

export const CallbackBody = Type.Object({
  url: Type.String({
    minLength: 1,
    maxLength: 2048,
    description: 'https, and public unless the operator has allowed its origin'
  }),
  events: Type.Optional(Type.Array(Type.Unsafe<Webhook['events'][number]>(Type.String({ enum: [...toldStates] })), {
    minItems: 1,
    uniqueItems: true,
    description: 'The states to be told of; without it the four in which a job ends'
  })),
  secret_ref: Type.Optional(SecretName)
}, {
  additionalProperties: false,
  description: 'Whom to tell of the job: a CloudEvent, signed as Standard Webhooks 1.0 says'
})

export interface WebhookRules {
  egress: EgressRules
  secretsDir: string | undefined
  /** What a callback is signed with that names no secret. */
  defaultSecret: string | undefined
}

/**
 * The webhook that a caller asks for, as far as that can be checked without a request. None goes out unsigned: a
 * receiver could not tell it from a forged one.
 */
export function webhookOf (
  { url, events = ['succeeded', 'failed', 'canceled', 'lost'], secret_ref: named }: Static<typeof CallbackBody>,
  { egress, secretsDir, defaultSecret }: WebhookRules
): Webhook {
  const refused = refusedUrl(url, egress)
  if (refused !== undefined) throw invalidField('callback.url', refused)
  const secret = named ?? defaultSecret
  if (secret === undefined) {
    throw invalidField('callback.secret_ref', 'is missing, and there is no secret for callbacks that name none')
  }
  if (!isUsable(secretsDir, secret)) throw invalidField('callback.secret_ref', `there is no usable secret ${secret}`)
  return { kind: 'webhook', url, events, secret_ref: secret }
}

function isUsable (folder: string | undefined, name: string): boolean {
  try {
    return webhookKeys(folder, name).length > 0
  } catch {
    // What is wrong with it is the operator's business: nothing of it is for callers.
    return false
  }
}
