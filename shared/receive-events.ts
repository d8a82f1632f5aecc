import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type CloudEventV1, CloudEvent, HTTP } from 'cloudevents'
import { Type } from 'typebox'
import { problem } from './problem.ts'
import { problems } from './problem-responses.ts'

export type Event = CloudEventV1<unknown>

/** Structured mode, for the OpenAPI; binary mode has the attributes as `ce-` headers and the data as the body. */
const StructuredEvent = Type.Object({
  specversion: Type.Literal('1.0'),
  id: Type.String({ minLength: 1 }),
  source: Type.String({ minLength: 1 }),
  type: Type.String({ minLength: 1 }),
  data: Type.Optional(Type.Unknown())
})

export interface EventRoute {
  path: string
  summary: string
  /** Answers when the event is dealt with; a Broker and the source behind it wait for that. */
  receive: (event: Event, request: FastifyRequest) => Promise<void>
}

/**
 * A route that takes CloudEvents over HTTP, binary or structured, and answers as a Broker understands it: 204 done,
 * 4xx never again, 503 later. (404, 408, 409 and 429 would be delivered again, so none of them may mean "never".)
 */
export async function receiveEvents (app: FastifyInstance, { path, summary, receive }: EventRoute): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // The SDK wants the text: in structured mode the whole event, in binary mode the data.
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    scope.post(path, {
      schema: {
        summary,
        description: 'A CloudEvent 1.0 in structured or binary mode.',
        body: { content: { 'application/cloudevents+json': { schema: StructuredEvent } } },
        response: { 204: { description: 'Dealt with', type: 'null' } as object, ...problems(400, 413, 415, 422, 503) }
      },
      // What is checked is the event, however it was written.
      attachValidation: true
    }, async (request, reply: FastifyReply) => {
      const event = eventOf(request)
      request.log = request.log.child({ event: { id: event.id, type: event.type, source: event.source, subject: event.subject } })
      await receive(event, request)
      return await reply.code(204).send()
    })
  })
}

function eventOf ({ headers, body }: FastifyRequest): Event {
  const contentType = headers['content-type'] ?? ''
  if (contentType.startsWith('application/cloudevents-batch')) {
    throw problem('unsupported-media-type', 'Events are taken one at a time', { errors: [{ field: 'content-type', message: 'batches are not taken' }] })
  }
  if (headers['ce-specversion'] === undefined && !contentType.startsWith('application/cloudevents')) {
    throw invalidEvent('ce-specversion', 'is missing, and the content type is not application/cloudevents+json')
  }
  const parsed = parse(headers, body)
  for (const attribute of ['id', 'source', 'type', 'specversion'] as const) {
    if (typeof parsed[attribute] !== 'string' || parsed[attribute] === '') throw invalidEvent(attribute, 'is missing or empty')
  }
  try {
    // What the SDK parses it does not validate; making an event of it does.
    return new CloudEvent(parsed)
  } catch (cause) {
    throw problem('invalid-event', 'The attributes of the event break the CloudEvents specification', { cause })
  }
}

function parse (headers: FastifyRequest['headers'], body: unknown): Event {
  try {
    const parsed = HTTP.toEvent<unknown>({ headers, body })
    if (Array.isArray(parsed) || typeof parsed !== 'object') throw new Error('not one event')
    return parsed
  } catch (cause) {
    throw problem('invalid-event', 'The body is not what its content type says', { errors: [{ field: 'body', message: 'cannot be parsed' }], cause })
  }
}

export function invalidEvent (field: string, message: string): Error {
  return problem('invalid-event', `${field} ${message}`, { errors: [{ field, message }] })
}
