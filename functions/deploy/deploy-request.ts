import { Type, type Static } from 'typebox'
import { invalidField } from '../../shared/problem.ts'
import type { DeployRequest } from './accept-job.ts'
import { parseDotenv } from './parse-dotenv.ts'

const TemplateName = Type.String({ minLength: 1, maxLength: 63, description: 'One of GET /template' })

export const DeployBody = Type.Object({
  template: Type.Optional(TemplateName),
  env: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
    description: 'The variables of the template that are to differ from their defaults'
  }))
}, { additionalProperties: false })

export const DeployForm = Type.Object({
  env_file: Type.String({ format: 'binary', description: 'A dotenv file' }),
  template: Type.Optional(TemplateName)
}, { additionalProperties: false })

export const DeployQuery = Type.Object({
  template: Type.Optional(TemplateName),
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Asks Kubernetes for its opinion and creates nothing' }))
}, { additionalProperties: false })

/** What one of the three bodies asks for: JSON, a dotenv file as it is, or a form with one. Without a body it is the template with its defaults. */
export function deployRequest (body: string | Static<typeof DeployBody> | Static<typeof DeployForm> | null | undefined, query: Static<typeof DeployQuery>, defaultTemplate: string): DeployRequest {
  const { template, env } = readBody(body)
  if (template !== undefined && query.template !== undefined && template !== query.template) throw invalidField('template', 'is given twice, and differently')
  return { template: template ?? query.template ?? defaultTemplate, env: env ?? {} }
}

function readBody (body: Parameters<typeof deployRequest>[0]): Static<typeof DeployBody> {
  if (typeof body === 'string') return { env: parseDotenv(body) }
  if (body && 'env_file' in body) return { ...(body.template !== undefined && { template: body.template }), env: parseDotenv(body.env_file) }
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
