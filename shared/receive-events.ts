import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type CloudEventV1, CloudEvent, HTTP, type Message } from 'cloudevents'
import { Type } from 'typebox'
import { problem } from './problem.ts'
import { problems } from './problem-responses.ts'

export type Event = CloudEventV1<unknown>

export interface EventRoute {
  path: string
  summary: string
  /** The types of events that are taken, as a regular expression; without it all are. */
  types?: string
  /** Answers when the event is dealt with; a Broker and the source behind it wait for that. */
  receive: (event: Event, request: FastifyRequest) => Promise<void>
}

/**
 * A route that takes CloudEvents over HTTP, binary or structured, and answers as a Broker understands it: 204 done,
 * 4xx never again, 503 later. (404, 408, 409 and 429 would be delivered again, so none of them may mean "never".)
 */
export async function receiveEvents (app: FastifyInstance, { path, summary, types = '.', receive }: EventRoute): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // The SDK wants the text: in structured mode the whole event, in binary mode the data.
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    scope.post(path, {
      schema: {
        summary,
        description: 'A CloudEvent 1.0 in structured or binary mode.',
        body: { content: { 'application/cloudevents+json': { schema: structuredEvent(types) } } },
        response: { 204: { description: 'Dealt with', type: 'null' } as object, ...problems(400, 413, 415, 422, 503) }
      },
      // What is checked is the event, however it was written.
      attachValidation: true
    }, async (request, reply: FastifyReply) => {
      const event = eventOf(request)
      if (!new RegExp(types).test(event.type)) throw invalidEvent('type', `is not taken here: ${types}`)
      request.log = request.log.child({ event: { id: event.id, type: event.type, source: event.source, subject: event.subject } })
      await receive(event, request)
      return await reply.code(204).send()
    })
  })
}

/** Structured mode, for the OpenAPI; binary mode has the attributes as `ce-` headers and the data as the body. */
function structuredEvent (types: string): object {
  const Attribute = Type.String({ pattern: '^[!-~]+$' })
  return Type.Object({
    specversion: Type.Literal('1.0'),
    id: Attribute,
    source: Type.String({ format: 'uri-reference', minLength: 1 }),
    type: Type.String({ pattern: types }),
    subject: Type.Optional(Type.String()),
    data: Type.Optional(Type.Unknown())
  }, {
    // Extension attributes.
    propertyNames: { pattern: '^[a-z0-9]{1,20}$' },
    additionalProperties: { type: ['string', 'integer', 'boolean'] }
  })
}

const required = ['id', 'source', 'type', 'specversion'] as const

function eventOf ({ headers, body }: FastifyRequest): Event {
  // The SDK knows each media type in one spelling only.
  const mediaType = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (mediaType.startsWith('application/cloudevents-batch')) {
    throw problem('unsupported-media-type', 'Events are taken one at a time', { errors: [{ field: 'content-type', message: 'batches are not taken' }] })
  }
  const isStructured = mediaType.startsWith('application/cloudevents')
  if (headers['ce-specversion'] === undefined && !isStructured) {
    throw invalidEvent('ce-specversion', 'is missing, and the content type is not application/cloudevents+json')
  }
  const message = { headers: { ...headers, 'content-type': mediaType }, body: isStructured ? parseObject(body) : body }
  for (const [attribute, value] of isStructured ? Object.entries(message.body as object) : []) {
    if (attribute !== 'data' && typeof value === 'object') throw invalidEvent(attribute, 'must be a string, an integer or a boolean')
  }
  // What is missing the SDK makes up.
  for (const attribute of required) {
    const value = isStructured ? (message.body as Record<string, unknown>)[attribute] : headers[`ce-${attribute}`]
    if (typeof value !== 'string' || value === '') throw invalidEvent(attribute, 'is missing or empty')
    if (attribute === 'specversion' && value !== '1.0') throw invalidEvent(attribute, 'must be 1.0')
  }
  const parsed = parse(message)
  try {
    // What the SDK parses it does not validate; making an event of it does.
    return new CloudEvent(parsed)
  } catch (cause) {
    throw problem('invalid-event', 'The attributes of the event break the CloudEvents specification', { cause })
  }
}

function parse (message: Message): Event {
  try {
    return HTTP.toEvent<unknown>(message) as Event
  } catch (cause) {
    throw unreadable(cause)
  }
}

function parseObject (body: unknown): object {
  try {
    const parsed: unknown = JSON.parse(String(body))
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed
  } catch (cause) {
    throw unreadable(cause)
  }
  throw unreadable(new Error('not one event'))
}

function unreadable (cause: unknown): Error {
  return problem('invalid-event', 'The body is not what its content type says', { errors: [{ field: 'body', message: 'cannot be parsed' }], cause })
}

function invalidEvent (field: string, message: string): Error {
  return problem('invalid-event', `${field} ${message}`, { errors: [{ field, message }] })
}
