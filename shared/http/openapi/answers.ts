import { Type, type TSchema } from 'typebox'
import { answerHeaders } from './answer-headers.ts'

type Headers = Parameters<typeof answerHeaders>

/** An answer in JSON, for the OpenAPI documents and for the type of the handler. */
export function json<T extends TSchema> (description: string, schema: T, ...headers: Headers) {
  return { description, headers: answerHeaders(...headers), content: { 'application/json': { schema } } }
}

const binary = { schema: Type.String({ format: 'binary' }) }

/** An answer with bytes of one of these media types. */
export function bytesAs (mediaTypes: string[], description: string, ...headers: Headers): object {
  const content = Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, binary]))
  return { description, headers: answerHeaders(...headers), content }
}

/** An answer in text. It is not `binary`: generated clients decode it. */
export function plainText (description: string, ...headers: Headers) {
  return { description, headers: answerHeaders(...headers), content: { 'text/plain': { schema: Type.String() } } }
}

// An answer with the bytes of a result file, which may have any media type. Some generators of clients do not know */*,
// but they know the media type of files whose own type is unknown.
export function fileBytes (description: string, ...headers: Headers): object {
  const content = { '*/*': binary, 'application/octet-stream': binary }
  return { description, headers: answerHeaders(...headers), content }
}

/** An answer with server-sent events. OpenAPI 3.1 has no schema of one event; the description of the route has. */
export function eventStream (description: string, ...headers: Headers): object {
  const content = { 'text/event-stream': { schema: Type.Unknown() } }
  return { description, headers: answerHeaders(...headers), content }
}

/** An answer without a body. */
export function empty (description: string, ...headers: Headers): object {
  return { description, headers: answerHeaders(...headers) }
}

/** The answer to a request whose conditions say that the caller has the same already. */
export function notChanged (...headers: Headers): object {
  return empty('Not changed, as the conditions of the request say', 'ETag', ...headers)
}
