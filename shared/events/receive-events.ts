import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type CloudEvent, HTTP } from 'cloudevents'
import { Type, type TSchema } from 'typebox'
import type { AdmitSender } from '../access/admit-sender.ts'
import { empty, json } from '../http/openapi/answers.ts'
import { problems } from '../http/openapi/problem-responses.ts'
import { lazyValidator } from '../schema/lazy-validator.ts'
import { eventsSeen } from '../telemetry/metrics.ts'
import { linkToEvent } from '../telemetry/trace-requests.ts'
import { type Event, eventOf, type Reading } from './event-of.ts'
import { MEDIA_TYPE } from './media-type.ts'

export interface EventRoute {
  path: string
  operationId: string
  summary: string
  /** The event types that the route accepts, as a regular expression; without it, all types. */
  types?: string
  /** How the data are read: see `Reading` in event-of.ts. `checked` without it. */
  data?: Reading['data']
  /** Throws for an event that is not for this route, before it is counted: a source may send many of them. */
  refuse?: (event: Event) => void
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
  route: EventRoute
): Promise<void> {
  const { path, operationId, summary, types, admitSender, data = 'checked', refuse, reply: replied, receive } = route
  const schema = structuredEvent(types ?? '.')
  const validate = lazyValidator<object>(schema)
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // As bytes: only the event says what they are.
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
        operationId,
        tags: ['events'],
        summary,
        description: 'A CloudEvent 1.0 in structured or binary mode.',
        // Senders have credentials only if the installation says so.
        security: [{ sender: [] }, {}],
        body: { content: { 'application/cloudevents+json': { schema } } },
        response: {
          ...(replied !== undefined &&
            { 200: json(replied, Type.Unknown()) as object }),
          204: empty('The event was handled'),
          ...problems(400, 401, 403, 413, 415, 422, 503)
        }
      }
    }, async (request, reply: FastifyReply) => {
      const body = request.body as Buffer | undefined ?? Buffer.alloc(0)
      const event = eventOf(request.headers, body, { validate, data })
      refuse?.(event)
      request.log = request.log.child({
        event: { id: event.id, type: event.type, source: event.source, subject: event.subject }
      })
      // If the route accepts any type, a sender could create an unlimited number of label values.
      eventsSeen.inc({ path, type: types === undefined ? 'any' : event.type })
      linkToEvent(request, event['traceparent'])
      const answer = await receive(event, request)
      if (!answer) return await reply.code(204).send()
      const message = HTTP.binary(answer)
      return await reply.headers(message.headers as Record<string, string>).send(message.body)
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
    datacontenttype: optional(Type.String({ pattern: MEDIA_TYPE, 'x-message': 'must be a media type' })),
    dataschema: optional(Type.String({ format: 'uri', minLength: 1 })),
    data: Type.Optional(Type.Unknown()),
    data_base64: optional(Type.String())
  }, {
    title: types === '.' ? 'Event' : 'HandledEvent',
    // Extension attributes.
    propertyNames: { pattern: '^([a-z0-9]+|data_base64)$' },
    additionalProperties: { type: ['string', 'integer', 'boolean', 'null'] }
  })
}
