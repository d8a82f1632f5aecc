import { Type, type Static } from 'typebox'
import { invalidField } from '../../../shared/http/problem.ts'
import type { DeployRequest } from '../start/accept-job.ts'
import { parseDotenv } from './parse-dotenv.ts'
import { CallbackBody, webhookOf, type WebhookRules } from './webhook-request.ts'

const TemplateName = Type.String({ minLength: 1, maxLength: 63, description: 'One of GET /template' })

// What a LocalQueue can be called, as far as a label can hold it.
const QueueName = Type.String({
  pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  'x-message': 'must be the name of a queue',
  description: 'The Kueue queue in which the job waits for its turn'
})

export const DeployBody = Type.Object({
  template: Type.Optional(TemplateName),
  queue: Type.Optional(QueueName),
  env: Type.Optional(
    Type.Record(Type.String({ minLength: 1 }), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
      description: 'The variables of the template that are to differ from their defaults'
    })
  ),
  callback: Type.Optional(CallbackBody)
}, { additionalProperties: false })

export const DeployForm = Type.Object({
  env_file: Type.String({ format: 'binary', description: 'A dotenv file' }),
  template: Type.Optional(TemplateName),
  queue: Type.Optional(QueueName)
}, { additionalProperties: false })

export const DeployQuery = Type.Object({
  template: Type.Optional(TemplateName),
  dry_run: Type.Optional(
    Type.Boolean({ default: false, description: 'Asks Kubernetes for its opinion and creates nothing' })
  )
}, { additionalProperties: false })

/**
 * What one of the three bodies asks for: JSON, a dotenv file as it is, or a form with one. Without a body it is the
 * template with its defaults.
 */
export function deployRequest (
  body: string | Static<typeof DeployBody> | Static<typeof DeployForm> | null | undefined,
  query: Static<typeof DeployQuery>,
  defaultTemplate: string,
  webhooks: WebhookRules
): DeployRequest {
  const { template, env, queue, callback } = readBody(body)
  if (template !== undefined && query.template !== undefined && template !== query.template) {
    throw invalidField('template', 'is given twice, and differently')
  }
  return {
    template: template ?? query.template ?? defaultTemplate,
    env: env ?? {},
    ...(queue !== undefined && { queue }),
    ...(callback !== undefined && { targets: [webhookOf(callback, webhooks)] })
  }
}

function readBody (body: Parameters<typeof deployRequest>[0]): Static<typeof DeployBody> {
  if (typeof body === 'string') return { env: parseDotenv(body) }
  if (body && 'env_file' in body) {
    const { env_file: file, ...others } = body
    return { ...others, env: parseDotenv(file) }
  }
  return body ?? {}
}

/** Text as it was sent; bytes that are no UTF-8 would be changed without anybody noticing. */
export function decodeText (field: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalidField(field, 'is not UTF-8 text')
  }
}
