import type { IncomingHttpHeaders } from 'node:http'
import type { Tracing } from './export-traces.ts'

/** Names as OpenTelemetry's semantic conventions have them. No secret, no value of an environment, no message of an error. */
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

let tracing: Tracing | undefined

/** Loads OpenTelemetry if the environment names a collector; without one no line of it is read. */
export async function startTracing (service: string, complain: (message: string) => void, environment: NodeJS.ProcessEnv = process.env): Promise<void> {
  const endpoint = environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || environment['OTEL_EXPORTER_OTLP_ENDPOINT']
  if (!endpoint || environment['OTEL_SDK_DISABLED'] === 'true') return
  const { exportTraces } = await import('./export-traces.ts')
  tracing = exportTraces(service, complain, environment)
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

/** A span of a time that is over, in the trace that `traceparent` is of, linked to the request that is being handled. */
export function addPastSpan (traceparent: string, name: string, period: { from: string, to: string }, outcome: { attributes: Attributes, error?: string | undefined }): void {
  tracing?.addPast(traceparent, name, period, outcome)
}
