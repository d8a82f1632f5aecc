import type { FastifyInstance, FastifyRequest } from 'fastify'
import { invalidField, problem } from '../problem.ts'
import { checkCharset } from './check-charset.ts'
import { readJson } from './read-json.ts'
import { repeatedHeader } from '../repeated-header.ts'

/**
 * Makes a server read JSON without silent changes, ignore a content type without a body, refuse a body that is encoded,
 * and refuse a request that has two values for a header with one meaning, before the access control and the routes see
 * it.
 */
export function readBodies (server: FastifyInstance): void {
  server.addHook('onRequest', async (request) => {
    const repeated = repeatedHeader(request.raw.rawHeaders)
    if (repeated !== undefined) throw invalidField(repeated, 'must not be sent twice')
    // Some clients name a content type with every request. Without a body it has no meaning.
    if (!takesBody(request) && !hasBody(request)) delete request.raw.headers['content-type']
  })
  server.addHook('preParsing', async (request) => {
    const { 'content-encoding': coding = 'identity' } = request.headers
    // Read as they are, compressed bytes would be a wrong text. The body of a GET is never read.
    if (['identity', ''].includes(coding.trim().toLowerCase()) || !hasBody(request) || isRead(request)) return
    const message = 'must not be set: a body is read as it is'
    throw problem('unsupported-media-type', `content-encoding: ${message}`, {
      errors: [{ field: 'content-encoding', message }],
      headers: { 'accept-encoding': 'identity' }
    })
  })
  // Fastify reads text too, and leaves it to the routes whether they expect it.
  server.removeContentTypeParser(['application/json', 'text/plain'])
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      checkCharset(request.headers)
      return body.length === 0 && !takesBody(request) ? undefined : readJson(body)
    }
  )
}

function hasBody ({ headers }: FastifyRequest): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers
  return length !== '0' || encoding !== undefined
}

function isRead ({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

function takesBody ({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.schema?.body !== undefined
}
