import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** An invalid value counts as absent: https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const shape = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

export function isTraceparent (text: unknown): text is string {
  return typeof text === 'string' && shape.test(text)
}

/**
 * The `traceparent` of a request: from the HTTP header, which describes the last hop, or else from the header of a
 * CloudEvent in binary mode.
 */
export function traceparentIn (headers: IncomingHttpHeaders): string | undefined {
  return [headers['traceparent'], headers['ce-traceparent']].find(isTraceparent)
}

/** The trace id of a request: the one that the caller sent, or else a new one. */
export function traceIdFor (headers: IncomingHttpHeaders): string {
  return traceparentIn(headers)?.slice(3, 35) ?? newTraceId()
}

/** A UUID without hyphens: Node has random bytes for those in stock, and asks OpenSSL for any others each time. */
export function newTraceId (): string {
  return randomUUID().replaceAll('-', '')
}
