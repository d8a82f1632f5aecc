import { Type, type Static } from 'typebox'
import { MOST_VARIABLES } from '../../../shared/dotenv/read-dotenv.ts'
import { invalidField } from '../../../shared/http/problem.ts'
import type { DeployRequest } from './resolve-request.ts'
import { parseDotenv } from './parse-dotenv.ts'
import { textOf } from './resolve-env.ts'
import { CallbackBody, webhookOf, type WebhookRules } from './webhook-request.ts'

const TemplateName = Type.String({ minLength: 1, maxLength: 63, description: 'A template name from GET /template' })

// The names of a LocalQueue that are valid as a label value.
const QueueName = Type.String({
  pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  'x-message': 'must be a queue name: at most 63 lowercase letters, digits and hyphens',
  description: 'The Kueue queue (LocalQueue) in which the job waits'
})

const EnvValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()], {
  'x-message': 'must be a string, true, false, or a number below 1.8e308'
})

export const DeployBody = Type.Object({
  template: Type.Optional(TemplateName),
  queue: Type.Optional(QueueName),
  env: Type.Optional(
    Type.Record(Type.String({ minLength: 1 }), EnvValue, {
      maxProperties: MOST_VARIABLES,
      description: 'Values for variables of the template; the other variables keep their defaults'
    })
  ),
  callback: Type.Optional(CallbackBody)
}, { additionalProperties: false, title: 'DeployRequest' })

export const DeployForm = Type.Object({
  // A browser sends an empty file when none was chosen.
  env_file: Type.String({
    format: 'binary',
    minLength: 1,
    'x-message': 'is empty: choose a dotenv file',
    description: 'A dotenv file'
  }),
  template: Type.Optional(TemplateName),
  queue: Type.Optional(QueueName)
}, { additionalProperties: false, title: 'DeployForm' })

export const DeployQuery = Type.Object({
  template: Type.Optional(TemplateName),
  dry_run: Type.Optional(
    Type.Boolean({ default: false, description: 'If true, Kubernetes only validates the job, and nothing is created' })
  )
}, { additionalProperties: false })

type Body = string | Static<typeof DeployBody> | Static<typeof DeployForm> | null | undefined

/** The job that a caller asks for, before any default of the operator. */
export type AskedJob = Static<typeof DeployBody>

/**
 * Converts one of the three kinds of body: JSON, a dotenv file, or a form with a dotenv file. A request without a body
 * asks for no template and no variable.
 */
export function askedJob (body: Body, query: Static<typeof DeployQuery>): AskedJob {
  const { template = query.template, ...asked } = readBody(body)
  if (template !== query.template && query.template !== undefined) {
    throw invalidField('template', 'has different values in the body and in the query')
  }
  return { ...asked, ...(template !== undefined && { template }) }
}

/** Adds the defaults of the operator. */
export function deployRequest (
  { template, env, queue, callback }: AskedJob,
  defaultTemplate: string,
  webhooks: WebhookRules
): DeployRequest {
  return {
    template: template ?? defaultTemplate,
    env: env ?? {},
    ...(queue !== undefined && { queue }),
    ...(callback !== undefined && { targets: [webhookOf(callback, webhooks)] })
  }
}

/** The same text for equal requests: neither the order nor the kind of body matters, nor a default. */
export function textOfAsked ({ template, env = {}, queue, callback }: AskedJob): string {
  const { url, events, secret_ref: secret } = callback ?? {}
  const variables = Object.keys(env).sort().map((name) => [name, textOf(env, name)])
  return JSON.stringify([template, variables, queue, url, events, secret])
}

function readBody (body: Body): AskedJob {
  if (typeof body === 'string') return { env: parseDotenv(body) }
  if (body && 'env_file' in body) {
    const { env_file: file, ...others } = body
    return { ...others, env: parseDotenv(file) }
  }
  return body ?? {}
}
