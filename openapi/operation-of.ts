import { scopes } from '../shared/access/caller.ts'
import { answerHeaders, type HeaderObject } from '../shared/http/openapi/answer-headers.ts'
import { problems } from '../shared/http/openapi/problem-responses.ts'
import type { Route } from './collect-routes.ts'

/** The part of a JSON Schema that parameters need. */
interface Fields {
  properties?: Record<string, { description?: string }>
  required?: string[]
}

interface Answer {
  description: string
  headers?: Record<string, HeaderObject>
  content?: Record<string, { schema: object }>
}

export interface Operation {
  operationId: string
  security: Record<string, string[]>[]
  responses: Record<string, Answer>
  [fact: string]: unknown
}

/** Whether callers of the API use the route: it asks for one of their scopes. */
export function isForCallers ({ config: { access } }: Route): boolean {
  return scopes.some((scope) => scope === access)
}

/** The Operation Object of a route. */
export function operationOf (route: Route): Operation {
  const { method, schema: { operationId, tags, summary, description, params, querystring, headers, body } } = route
  const isHead = method === 'HEAD'
  return {
    operationId: isHead ? operationId.replace(/^get/, 'head') : operationId,
    tags,
    summary,
    ...description !== undefined && { description },
    security: securityOf(route),
    parameters: [
      ...parameters('path', params as Fields),
      ...parameters('query', querystring as Fields),
      ...parameters('header', headers as Fields)
    ],
    ...body !== undefined && { requestBody: requestBody(body) },
    responses: Object.fromEntries(
      Object.entries(answersOf(route)).map(([status, { content, ...answer }]) =>
        [status, { ...withCacheControl(answer), ...content !== undefined && !isHead && { content } }])
    )
  }
}

/** The credentials of callers follow from the access of the route; of other routes the schema names them. */
function securityOf (route: Route): Operation['security'] {
  const { config: { access, ownCredential }, schema: { security = [] } } = route
  if (!isForCallers(route)) return security
  return [{ caller: [String(access)] }, ...ownCredential === undefined ? [] : [{ result: [] }]]
}

/** Those of the route, those of the access control, and those that any route may have. */
function answersOf (route: Route): Record<string, Answer> {
  const { 206: part, ...own } = route.schema.response as Record<string, Answer>
  return {
    ...own,
    // The answer to HEAD has no range.
    ...part !== undefined && route.method !== 'HEAD' && { 206: part },
    ...isForCallers(route) && problems(401, 403, 429),
    ...problems(405, 500)
  } as Record<string, Answer>
}

function withCacheControl (answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, ...answerHeaders('Cache-Control') } }
}

function parameters (place: 'path' | 'query' | 'header', { properties = {}, required = [] }: Fields = {}): object[] {
  // OpenAPI has no parameter for Accept: the media types of the answers say it.
  const named = Object.entries(properties).filter(([name]) => name !== 'accept')
  return named.map(([name, { description, ...schema }]) => ({
    name: place === 'header' ? titleCase(name) : name,
    in: place,
    ...description !== undefined && { description },
    ...required.includes(name) && { required: true },
    schema
  }))
}

/** The body of a route is a schema for JSON, or has one for each media type. Then it may say that it is optional. */
function requestBody (body: unknown): object {
  const { content, required = true } = body as { content?: object, required?: boolean }
  return content === undefined
    ? { required: true, content: { 'application/json': { schema: body } } }
    : { required, content }
}

/** Fastify knows headers in lower case; readers know `If-None-Match` and `Last-Event-ID`. */
function titleCase (header: string): string {
  return header
    .replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
    .replace(/-Id$/, '-ID')
}
