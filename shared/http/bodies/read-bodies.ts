import type { FastifyInstance, FastifyRequest } from 'fastify'
import { invalidField } from '../problem.ts'
import { checkCharset } from './check-charset.ts'
import { readJson } from './read-json.ts'
import { repeatedHeader } from '../repeated-header.ts'

/**
 * Makes a server read JSON without silent changes, ignore a content type without a body, and refuse a request that has
 * two values for a header with one meaning, before the access control and the routes see it.
 */
export function readBodies (server: FastifyInstance): void {
  server.addHook('onRequest', async (request) => {
    const repeated = repeatedHeader(request.raw.rawHeaders)
    if (repeated !== undefined) throw invalidField(repeated, 'must not be sent twice')
    // Some clients name a content type with every request. Without a body it has no meaning.
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers
    if (!takesBody(request) && length === '0' && encoding === undefined) delete request.raw.headers['content-type']
  })
  server.removeContentTypeParser('application/json')
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      checkCharset(request.headers)
      return body.length === 0 && !takesBody(request) ? undefined : readJson(body)
    }
  )
}

function takesBody ({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.schema?.body !== undefined
}
