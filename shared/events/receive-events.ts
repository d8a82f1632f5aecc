import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CloudEvent, type CloudEventV1, HTTP } from 'cloudevents'
import { Type, type TSchema } from 'typebox'
import type { AdmitSender } from '../access/admit-sender.ts'
import { problems } from '../http/problem-responses.ts'
import { problem } from '../http/problem.ts'
import { fieldErrors } from '../schema/field-errors.ts'
import { DEEPEST, isNestedTooDeep } from '../schema/is-nested-too-deep.ts'
import { lazyValidator, type Validator } from '../schema/lazy-validator.ts'
import { eventsSeen } from '../telemetry/metrics.ts'
import { linkToEvent } from '../telemetry/trace-requests.ts'
import { eventJson } from './event-json.ts'

export type Event = CloudEventV1<unknown>

export interface EventRoute {
  path: string
  summary: string
  /** The event types that the route accepts, as a regular expression; without it, all types. */
  types?: string
  /** Checks the credential of the sender; absent if senders have no credentials. */
  admitSender?: AdmitSender | undefined
  /**
   * The description of the events that the route sends as answers; without it, the route sends none. A Broker handles
   * such an answer as a new event.
   */
  reply?: string
  /** Resolves when the event is handled. The Broker and the source wait for that. */
  receive: (event: Event, request: FastifyRequest) => Promise<CloudEvent<unknown> | void>
}

/**
 * Adds a route that receives CloudEvents over HTTP, binary or structured. A Broker reads its statuses as follows: 204
 * is done, 4xx means never again, 503 means try later. (404, 408, 409 and 429 would be delivered again, so none of them
 * may mean "never again".)
 */
export async function receiveEvents (
  app: FastifyInstance,
  { path, summary, types, admitSender, reply: replied, receive }: EventRoute
): Promise<void> {
  const schema = structuredEvent(types ?? '.')
  const validate = lazyValidator<object>(schema)
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // In structured mode the whole event, in binary mode the data.
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    // Fastify validates nothing here. The handler validates the event, which does not depend on the mode.
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
          204: { description: 'The event was handled', type: 'null' } as object,
          ...problems(400, ...admitSender === undefined ? [] : [401, 403], 413, 415, 422, 503)
        }
      }
    }, async (request, reply: FastifyReply) => {
      // Whatever one function refuses is a dead letter, so the route for all types must take it.
      const event = eventOf(request, validate, types !== undefined)
      request.log = request.log.child({
        event: { id: event.id, type: event.type, source: event.source, subject: event.subject }
      })
      // If the route accepts any type, a sender could create an unlimited number of label values.
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
 * The schema of an event in structured mode (JSON event format 1.0.2). In binary mode, the attributes are `ce-`
 * headers, and the data is the body.
 */
function structuredEvent (types: string): TSchema {
  const Text = Type.String({ minLength: 1 })
  // A null attribute counts as absent.
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

function eventOf ({ headers, body }: FastifyRequest, validate: Validator<object>, isStrict: boolean): Event {
  // The SDK accepts only one spelling of each media type.
  const mediaType = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (mediaType.startsWith('application/cloudevents-batch')) {
    throw problem('unsupported-media-type', 'The body is a batch of events; send one event per request', {
      errors: [{ field: 'content-type', message: 'must not be a batch' }]
    })
  }
  const isStructured = mediaType.startsWith('application/cloudevents')
  if (headers['ce-specversion'] === undefined && !isStructured) {
    throw invalidEvent([{
      field: 'ce-specversion',
      message: 'is missing, and the content type is not application/cloudevents+json'
    }])
  }
  const bytes = body as Buffer | undefined ?? Buffer.alloc(0)
  const sent = isStructured ? objectIn(bytes, isStrict) : attributesOf(headers)
  if (!validate(sent)) throw invalidEvent(fieldErrors(validate.errors, 'body'))
  // Not left to the SDK, which would change some values silently.
  const data = isStrict && !isStructured && mediaType === 'application/json' && bytes.length > 0
    ? { data: eventJson(bytes, ['data']) }
    : {}
  const event = new CloudEvent<unknown>(
    { ...parseEvent({ ...headers, 'content-type': mediaType }, isStructured ? sent : bytes.toString()), ...data },
    false
  )
  if (isNestedTooDeep(event.data)) {
    throw invalidEvent([{ field: 'data', message: `must not be nested deeper than ${DEEPEST} levels` }])
  }
  return event as Event
}

function parseEvent (headers: FastifyRequest['headers'], body: unknown): Event {
  try {
    return HTTP.toEvent<unknown>({ headers, body }) as Event
  } catch (cause) {
    throw unreadable(cause)
  }
}

/**
 * The attributes of an event in binary mode:
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#313-metadata-headers
 */
function attributesOf (headers: FastifyRequest['headers']): object {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('ce-') ? [[name.slice('ce-'.length), value]] : []
    )
  )
}

function objectIn (body: Buffer, isStrict: boolean): object {
  const parsed = isStrict ? eventJson(body) : parse(body)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed
  throw unreadable(new Error('the body is not a JSON object'))
}

function parse (body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch (cause) {
    throw unreadable(cause)
  }
}

function unreadable (cause: unknown): Error {
  return problem('invalid-event', 'The body does not match its content type', {
    errors: [{ field: 'body', message: 'cannot be parsed' }],
    cause
  })
}

function invalidEvent (errors: { field: string, message: string }[]): Error {
  const [first] = errors
  return problem('invalid-event', `${first?.field}: ${first?.message}`, { errors })
}
