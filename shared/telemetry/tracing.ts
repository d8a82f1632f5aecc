import type { IncomingHttpHeaders } from 'node:http'

/**
 * Names as OpenTelemetry's semantic conventions have them. No secret, no value of an environment, no message of an
 * error.
 */
export type Attributes = Record<string, string | number>

/** Ends a span; `error` is a status or a code, and only where it failed. */
export type EndSpan = (outcome?: { attributes?: Attributes, error?: string | undefined }) => void

export interface RequestSpan {
  /** Of the span, for whatever goes on from here. */
  traceparent: string
  /** Runs what belongs to the request, so that spans find it. */
  within: (work: () => void) => void
  link: (traceparent: string) => void
  name: (name: string) => void
  end: EndSpan
}

/** Whatever makes something of spans. */
export interface Tracing {
  startRequest(request: { id: string, headers: IncomingHttpHeaders }): RequestSpan
  startSpan(name: string, attributes: Attributes): EndSpan
  addPast(
    traceparent: string,
    name: string,
    period: { from: string, to: string },
    outcome: { attributes: Attributes, error?: string | undefined }
  ): void
  stop(): Promise<void>
}

let tracing: Tracing | undefined

/** From now on spans go there. */
export function traceBy (exporter: Tracing): void {
  tracing = exporter
}

/** Sends what is not sent yet. */
export async function stopTracing (): Promise<void> {
  await tracing?.stop()
}

/** A span below the one of the request that is being handled. */
export function startSpan (name: string, attributes: Attributes): EndSpan {
  return tracing?.startSpan(name, attributes) ?? (() => {})
}

/** `undefined` where nothing is traced. */
export function startRequestSpan (request: { id: string, headers: IncomingHttpHeaders }): RequestSpan | undefined {
  return tracing?.startRequest(request)
}

/**
 * A span of a time that is over, in the trace that `traceparent` is of, linked to the request that is being handled.
 */
export function addPastSpan (
  traceparent: string,
  name: string,
  period: { from: string, to: string },
  outcome: { attributes: Attributes, error?: string | undefined }
): void {
  tracing?.addPast(traceparent, name, period, outcome)
}
