import type { IncomingHttpHeaders } from 'node:http'

/**
 * The names follow OpenTelemetry's semantic conventions. The values must not contain secrets, values of environment
 * variables or error messages.
 */
export type Attributes = Record<string, string | number>

/** Ends a span. `error` is a status or an error code, and is set only for a failure. */
export type EndSpan = (outcome?: { attributes?: Attributes, error?: string | undefined }) => void

export interface RequestSpan {
  /** The trace context of this span, for work that continues from it. */
  traceparent: string
  /** Runs the work of the request, so that its spans are created below this span. */
  within: (work: () => void) => void
  link: (traceparent: string) => void
  name: (name: string) => void
  end: EndSpan
}

/** A receiver of spans. */
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

/** Sends all spans to this receiver from now on. */
export function traceBy (exporter: Tracing): void {
  tracing = exporter
}

/** Sends the spans that have not been sent yet. */
export async function stopTracing (): Promise<void> {
  await tracing?.stop()
}

/** Starts a span below the span of the current request. */
export function startSpan (name: string, attributes: Attributes): EndSpan {
  return tracing?.startSpan(name, attributes) ?? (() => {})
}

/** Starts the span of a request; `undefined` when tracing is off. */
export function startRequestSpan (request: { id: string, headers: IncomingHttpHeaders }): RequestSpan | undefined {
  return tracing?.startRequest(request)
}

/**
 * Adds a span for a period in the past to the trace of `traceparent`, with a link to the span of the current request.
 */
export function addPastSpan (
  traceparent: string,
  name: string,
  period: { from: string, to: string },
  outcome: { attributes: Attributes, error?: string | undefined }
): void {
  tracing?.addPast(traceparent, name, period, outcome)
}
