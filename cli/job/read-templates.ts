import { askJson } from '../api/ask.ts'
import type { Session } from '../session.ts'

/** What a template says of a variable, as far as gx4ki shows it. */
export interface Variable {
  type?: string
  description?: string
  default?: string | number | boolean
  writeOnly?: boolean
  enum?: unknown[]
  minimum?: number
  maximum?: number
  pattern?: string
}

export interface Template {
  name: string
  description: string
  env: { properties?: Record<string, Variable>, required?: string[] }
  warnings: string[]
}

export interface Templates {
  templates: Template[]
  refused: { file: string, reason: string }[]
}

export async function readTemplates (session: Session): Promise<Templates> {
  return await askJson<Templates>(session, { path: '/template' }, 'templates', 'refused')
}
