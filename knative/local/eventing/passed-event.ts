import type { IncomingHttpHeaders } from 'node:http'
import { CloudEvent } from 'cloudevents'
import type { Message } from './deliver.ts'

type Attributes = Record<string, string | undefined>

/** An event on its way. The data are bytes, because a Broker does not interpret them. */
export interface PassedEvent {
  attributes: Attributes
  body: Buffer
}

export function withAttributes ({ attributes, body }: PassedEvent, more: Attributes): PassedEvent {
  return { attributes: { ...attributes, ...more }, body }
}

/** The event of a request in binary or structured mode. Throws when the request has no complete event. */
export function readEvent (headers: IncomingHttpHeaders, body: Buffer): PassedEvent {
  const contentType = headers['content-type']
  if (contentType?.startsWith('application/cloudevents')) {
    if (!contentType.startsWith('application/cloudevents+json')) {
      throw new Error(`the local Broker takes only single events, not ${contentType}`)
    }
    const { data: _, data_base64: base64, ...attributes } = JSON.parse(body.toString()) as StructuredEvent
    const { data } = JSON.parse(body.toString(), exactly) as StructuredEvent
    return { attributes: whole(attributes), body: bytesOf(data, base64, attributes.datacontenttype) }
  }
  // A Broker does not interpret the data.
  const attributes = Object.entries(headers).filter(([name]) => name.startsWith('ce-')).map((
    [name, value]
  ) => [name.slice('ce-'.length), value])
  return {
    attributes: whole({
      ...Object.fromEntries(attributes),
      ...(contentType !== undefined && { datacontenttype: contentType })
    }),
    body
  }
}

type StructuredEvent = Attributes & { data?: unknown, data_base64?: string }

/** Node has it, its types do not: https://tc39.es/proposal-json-parse-with-source/ */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown }

/** Keeps every digit of a number: a Broker passes JSON on as it is. */
function exactly (
  _name: string,
  value: unknown,
  { source }: { source?: string } = {}
): unknown {
  return typeof value === 'number' ? rawJSON(source!) : value
}

/** The data as the Broker's SDK sends them in binary mode: JSON, unless another content type makes a string text. */
function bytesOf (data: unknown, base64: string | undefined, contentType = 'application/json'): Buffer {
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  if (data === undefined) return Buffer.alloc(0)
  const isJson = /^[^;]*[/+]json\s*(;|$)/i.test(contentType)
  return Buffer.from(typeof data === 'string' && !isJson ? data : JSON.stringify(data))
}

/** The attributes of an event, checked by the SDK. Throws when one is missing or wrong. */
function whole (attributes: Attributes): Attributes {
  // The SDK fills in these two attributes when they are missing. It validates all others.
  if (!attributes.id || attributes.specversion !== '1.0') throw new Error('an event needs an id and specversion 1.0')
  new CloudEvent(attributes).validate()
  return attributes
}

/** Like the Broker's SDK, without a content type when the event has none. */
export function binaryMessage (event: PassedEvent, more: Attributes): Message {
  const { attributes: { datacontenttype: type, ...attributes }, body } = event
  return {
    headers: {
      ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, String(value)])),
      ...(type !== undefined && { 'content-type': type }),
      ...more
    } as Record<string, string>,
    body
  }
}
