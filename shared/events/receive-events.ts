import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type CloudEvent, type CloudEventV1, HTTP } from 'cloudevents'
import { Type, type TSchema } from 'typebox'
import type { AdmitSender } from '../access/admit-sender.ts'
import { problems } from '../http/problem-responses.ts'
import { problem } from '../http/problem.ts'
import { fieldErrors } from '../schema/field-errors.ts'
import { DEEPEST, isNestedTooDeep } from '../schema/is-nested-too-deep.ts'
import { lazyValidator, type Validator } from '../schema/lazy-validator.ts'
import { eventsSeen } from '../telemetry/metrics.ts'
import { linkToEvent } from '../telemetry/trace-requests.ts'

export type Event = CloudEventV1<unknown>

export interface EventRoute {
  path: string
  summary: string
  /** The types of events that are taken, as a regular expression; without it all are. */
  types?: string
  /** Asks the sender for his credential, where senders have one. */
  admitSender?: AdmitSender | undefined
  /**
   * What an event says that is answered with; without it there are no such answers. A Broker takes them for new events.
   */
  reply?: string
  /** Answers when the event is dealt with; a Broker and the source behind it wait for that. */
  receive: (event: Event, request: FastifyRequest) => Promise<CloudEvent<unknown> | void>
}

/**
 * A route that takes CloudEvents over HTTP, binary or structured, and answers as a Broker understands it: 204 done,
 * 4xx never again, 503 later. (404, 408, 409 and 429 would be delivered again, so none of them may mean "never".)
 */
export async function receiveEvents (
  app: FastifyInstance,
  { path, summary, types, admitSender, reply: replied, receive }: EventRoute
): Promise<void> {
  const schema = structuredEvent(types ?? '.')
  const validate = lazyValidator<object>(schema)
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // The SDK wants the text: in structured mode the whole event, in binary mode the data.
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    // What is checked is the event, in whichever mode it was sent.
    scope.setValidatorCompiler(() => () => true)
    if (admitSender !== undefined) {
      scope.addHook('onRequest', async ({ headers }) =>
        await admitSender(headers.authorization))
    }
    scope.post(path, {
      config: { access: 'public' },
      schema: {
        summary,
        description: 'A CloudEvent 1.0 in structured or binary mode.',
        body: { content: { 'application/cloudevents+json': { schema } } },
        response: {
          ...(replied !== undefined &&
            { 200: { description: replied, content: { 'application/json': { schema: Type.Unknown() } } } as object }),
          204: { description: 'Dealt with', type: 'null' } as object,
          ...problems(400, ...admitSender === undefined ? [] : [401, 403], 413, 415, 422, 503)
        }
      }
    }, async (request, reply: FastifyReply) => {
      const event = eventOf(request, validate)
      request.log = request.log.child({
        event: { id: event.id, type: event.type, source: event.source, subject: event.subject }
      })
      // Where any type is taken a sender could make up as many as he likes.
      eventsSeen.inc({ path, type: types === undefined ? 'any' : event.type })
      linkToEvent(request, event['traceparent'])
      const answer = await receive(event, request)
      if (!answer) return await reply.code(204).send()
      const { headers, body } = HTTP.binary(answer)
      return await reply.headers(headers as Record<string, string>).send(body)
    })
  })
}

/**
 * Structured mode (the JSON event format 1.0.2); binary mode has the attributes as `ce-` headers and the data as the
 * body.
 */
function structuredEvent (types: string): TSchema {
  const Text = Type.String({ minLength: 1 })
  // An attribute that is null counts as one that is not there.
  const optional = (schema: TSchema): TSchema => Type.Optional(Type.Union([schema, Type.Null()]))
  return Type.Object({
    specversion: Type.Literal('1.0'),
    id: Text,
    source: Type.String({ format: 'uri-reference', minLength: 1 }),
    type: Type.String({ pattern: types }),
    subject: optional(Text),
    time: optional(Type.String({ format: 'date-time' })),
    datacontenttype: optional(Text),
    dataschema: optional(Type.String({ format: 'uri', minLength: 1 })),
    data: Type.Optional(Type.Unknown()),
    data_base64: optional(Type.String())
  }, {
    // Extension attributes.
    propertyNames: { pattern: '^([a-z0-9]+|data_base64)$' },
    additionalProperties: { type: ['string', 'integer', 'boolean', 'null'] }
  })
}

function eventOf ({ headers, body }: FastifyRequest, validate: Validator<object>): Event {
  // The SDK knows each media type in one spelling only.
  const mediaType = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (mediaType.startsWith('application/cloudevents-batch')) {
    throw problem('unsupported-media-type', 'Events are taken one at a time', {
      errors: [{ field: 'content-type', message: 'batches are not taken' }]
    })
  }
  const isStructured = mediaType.startsWith('application/cloudevents')
  if (headers['ce-specversion'] === undefined && !isStructured) {
    throw invalidEvent([{
      field: 'ce-specversion',
      message: 'is missing, and the content type is not application/cloudevents+json'
    }])
  }
  const sent = isStructured ? parseObject(body) : attributesOf(headers)
  if (!validate(sent)) throw invalidEvent(fieldErrors(validate.errors, 'body'))
  const event = parseEvent({ ...headers, 'content-type': mediaType }, isStructured ? sent : body)
  if (isNestedTooDeep(event.data)) {
    throw invalidEvent([{ field: 'data', message: `must not be nested deeper than ${DEEPEST} levels` }])
  }
  return event
}

function parseEvent (headers: FastifyRequest['headers'], body: unknown): Event {
  try {
    return HTTP.toEvent<unknown>({ headers, body }) as Event
  } catch (cause) {
    throw unreadable(cause)
  }
}

/**
 * Of an event in binary mode:
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#313-metadata-headers
 */
function attributesOf (headers: FastifyRequest['headers']): object {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('ce-') ? [[name.slice('ce-'.length), value]] : []
    )
  )
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
  return problem('invalid-event', 'The body is not what its content type says', {
    errors: [{ field: 'body', message: 'cannot be parsed' }],
    cause
  })
}

function invalidEvent (errors: { field: string, message: string }[]): Error {
  const [first] = errors
  return problem('invalid-event', `${first?.field}: ${first?.message}`, { errors })
}
