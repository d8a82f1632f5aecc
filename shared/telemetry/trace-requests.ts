import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isTraceparent, traceparentIn } from './trace-context.ts'
import { type RequestSpan, startRequestSpan, stopTracing } from './tracing.ts'

const spans = new WeakMap<FastifyRequest, RequestSpan>()

/**
 * Creates a span for each request, with the trace id of the request. Routes that are hidden from the OpenAPI, for
 * example the probes, get no span.
 */
export function traceRequests (server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const span = request.routeOptions.schema?.hide ? undefined : startRequestSpan(request)
    if (span === undefined) return done()
    spans.set(request, span)
    span.within(done)
  })
  server.addHook('onResponse', async (request, { statusCode }) => {
    const span = spans.get(request)
    if (span === undefined) return
    const { method, params, routeOptions: { url: route } } = request
    const { id } = (params ?? {}) as { id?: string }
    span.name(route === undefined ? method : `${method} ${route}`)
    span.end({
      attributes: {
        'http.request.method': method,
        'http.response.status_code': statusCode,
        ...(route !== undefined && { 'http.route': route }),
        ...(id !== undefined && { 'gx4ki.job.uuid': id })
      },
      error: statusCode >= 500 ? String(statusCode) : undefined
    })
  })
  // The hook that is added first runs last, when all other work is done.
  server.addHook('onClose', stopTracing)
}

/**
 * The trace context for work that a request causes: its own span. If tracing is off, the context that the caller sent,
 * or else the context in the event.
 */
export function traceparentOf (request: FastifyRequest, ofEvent?: unknown): string | undefined {
  return spans.get(request)?.traceparent ?? traceparentIn(request.headers) ??
    (isTraceparent(ofEvent) ? ofEvent : undefined)
}

/**
 * Links the request to the trace in which the event was created. This may be another trace than the one in which the
 * event was delivered.
 */
export function linkToEvent (request: FastifyRequest, traceparent: unknown): void {
  if (isTraceparent(traceparent) && traceparent !== traceparentIn(request.headers)) {
    spans.get(request)?.link(traceparent)
  }
}
