import { Type, type Static } from 'typebox'
import { invalidField } from '../../../shared/http/problem.ts'
import type { DeployRequest } from '../start/accept-job.ts'
import { parseDotenv } from './parse-dotenv.ts'
import { CallbackBody, webhookOf, type WebhookRules } from './webhook-request.ts'

const TemplateName = Type.String({ minLength: 1, maxLength: 63, description: 'A template name from GET /template' })

// The names of a LocalQueue that are valid as a label value.
const QueueName = Type.String({
  pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  'x-message': 'must be a queue name: at most 63 lowercase letters, digits and hyphens',
  description: 'The Kueue queue (LocalQueue) in which the job waits'
})

export const DeployBody = Type.Object({
  template: Type.Optional(TemplateName),
  queue: Type.Optional(QueueName),
  env: Type.Optional(
    Type.Record(Type.String({ minLength: 1 }), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
      description: 'Values for variables of the template; the other variables keep their defaults'
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
    Type.Boolean({ default: false, description: 'If true, Kubernetes only validates the job, and nothing is created' })
  )
}, { additionalProperties: false })

/**
 * Converts one of the three kinds of body (JSON, a dotenv file, or a form with a dotenv file) to a deploy request.
 * Without a body the request is for the template with its defaults.
 */
export function deployRequest (
  body: string | Static<typeof DeployBody> | Static<typeof DeployForm> | null | undefined,
  query: Static<typeof DeployQuery>,
  defaultTemplate: string,
  webhooks: WebhookRules
): DeployRequest {
  const { template, env, queue, callback } = readBody(body)
  if (template !== undefined && query.template !== undefined && template !== query.template) {
    throw invalidField('template', 'has different values in the body and in the query')
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

/**
 * Decodes UTF-8. Throws `invalid-request` for other bytes, because a lenient decoder would change the text silently.
 */
export function decodeText (field: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalidField(field, 'is not UTF-8 text')
  }
}
