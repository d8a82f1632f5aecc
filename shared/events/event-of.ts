import type { IncomingHttpHeaders } from 'node:http'
import type { CloudEventV1 } from 'cloudevents'
import { checkCharset, foreignCharset } from '../http/bodies/check-charset.ts'
import { problem } from '../http/problem.ts'
import { fieldErrors } from '../schema/field-errors.ts'
import { DEEPEST, isNestedTooDeep } from '../schema/is-nested-too-deep.ts'
import type { Validator } from '../schema/lazy-validator.ts'
import { eventJson } from './event-json.ts'
import { isJson, isText } from './media-type.ts'

/** An event. `data` is JSON or text; bytes of any other media type are in `data_base64`. */
export type Event = CloudEventV1<unknown>

type Attributes = Record<string, unknown> & { datacontenttype?: string | null }

/** How a route reads its events. */
export interface Reading {
  validate: Validator<object>
  /**
   * `checked`: without silent changes, as `readJson` does. `parsed`: by `JSON.parse` alone, which takes a fifth of the
   * time, for a route that uses one field of large data. `any`: the same, and data in binary mode that do not match
   * their media type stay bytes. An event with such data is a dead letter.
   */
  data: 'checked' | 'parsed' | 'any'
}

/**
 * The event of a request, in structured or binary mode (CloudEvents 1.0.2). `validate` checks all but the data. Throws
 * `invalid-event`, which names the wrong attribute, or `unsupported-media-type`. It does not use the SDK, which takes
 * only one spelling of each media type, and data without a media type not as JSON.
 */
export function eventOf (headers: IncomingHttpHeaders, body: Buffer, how: Reading): Event {
  const { validate } = how
  // A request without a body has no content type, either.
  const contentType = headers['content-type'] ?? ''
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase()
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
  if (isStructured) checkCharset(headers)
  const sent = isStructured ? parsedObject(body, how) : attributesOf(headers, contentType)
  if (!validate(sent)) throw invalidEvent(fieldErrors(validate.errors, 'body'))
  const event = isStructured ? structuredEvent(sent, how) : binaryEvent(sent, body, how)
  // Such an event is stored, so it becomes text again. Of checked data, `readJson` has checked it.
  if (how.data === 'any' && isNestedTooDeep(event.data)) {
    throw invalidEvent([{ field: 'data', message: `must not be nested deeper than ${DEEPEST} levels` }])
  }
  return event
}

/**
 * The attributes of an event in binary mode:
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#31-binary-content-mode
 */
function attributesOf (headers: IncomingHttpHeaders, contentType: string): Attributes {
  return {
    ...Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        name.startsWith('ce-') ? [[name.slice('ce-'.length), value]] : []
      )
    ),
    ...(contentType !== '' && { datacontenttype: contentType })
  }
}

function binaryEvent (attributes: Attributes, body: Buffer, how: Reading): Event {
  if (body.length === 0) return present(attributes)
  try {
    return eventWith(attributes, body, 'body', how)
  } catch (error) {
    if (how.data === 'any') return { ...present(attributes), data_base64: body.toString('base64') }
    throw error
  }
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#31-handling-of-data */
function structuredEvent (
  { data, data_base64: base64, ...attributes }: Attributes,
  how: Reading
): Event {
  if (typeof base64 !== 'string') return { ...present(attributes), ...(data !== undefined && { data }) }
  if (data !== undefined && data !== null) {
    throw invalidEvent([{ field: 'data_base64', message: 'must not come with data' }])
  }
  const bytes = Buffer.from(base64, 'base64')
  // Node skips what is no base64, and takes base64url too.
  if (bytes.toString('base64') !== base64) throw invalidEvent([{ field: 'data_base64', message: 'must be base64' }])
  return eventWith(attributes, bytes, 'data_base64', how)
}

/** The event with these bytes as its data: JSON if it names no other media type. */
function eventWith (
  attributes: Attributes,
  bytes: Buffer,
  field: string,
  { data }: Reading
): Event {
  const type = attributes.datacontenttype ?? 'application/json'
  const event = present(attributes)
  if (isJson(type)) {
    if (foreignCharset(type) !== undefined) {
      throw invalidEvent([{ field: 'datacontenttype', message: 'must have no other charset than utf-8' }])
    }
    return { ...event, data: data === 'checked' ? eventJson(bytes, ['data'], field) : parsedJson(bytes, field) }
  }
  return isText(type) ? { ...event, data: textOf(bytes, field) } : { ...event, data_base64: bytes.toString('base64') }
}

/** Attributes with null count as absent. */
function present (attributes: Attributes): Event {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null)) as unknown as Event
}

function parsedObject (body: Buffer, { data }: Reading): Attributes {
  const parsed = data === 'checked' ? eventJson(body) : parsedJson(body, 'body')
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Attributes
  throw unreadable('body', new Error('not a JSON object'))
}

function parsedJson (bytes: Buffer, field: string): unknown {
  const text = textOf(bytes, field)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreadable(field, cause)
  }
}

function textOf (bytes: Buffer, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw invalidEvent([{ field, message: 'must be UTF-8' }], cause)
  }
}

function unreadable (field: string, cause: unknown): Error {
  return problem('invalid-event', `${field}: does not match its content type`, {
    errors: [{ field, message: 'cannot be parsed' }],
    cause
  })
}

function invalidEvent (errors: { field: string, message: string }[], cause?: unknown): Error {
  const [first] = errors
  return problem('invalid-event', `${first?.field}: ${first?.message}`, { errors, cause })
}
