import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isTraceparent, traceparentIn } from './trace-context.ts'
import { type RequestSpan, startRequestSpan, stopTracing } from './tracing.ts'

const spans = new WeakMap<FastifyRequest, RequestSpan>()

/**
 * A span for each request, its trace id that of the request; not for what is hidden from the OpenAPI, the probes above
 * all.
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
  // The first of these hooks is the last to run: then all that was to be done is done.
  server.addHook('onClose', stopTracing)
}

/**
 * Under which whatever comes of a request goes on: its own span, or, where nothing is traced, what its caller sent, or
 * what the event says that it brings.
 */
export function traceparentOf (request: FastifyRequest, ofEvent?: unknown): string | undefined {
  return spans.get(request)?.traceparent ?? traceparentIn(request.headers) ??
    (isTraceparent(ofEvent) ? ofEvent : undefined)
}

/** An event knows the trace that it was made in, which need not be the one in which it was brought here. */
export function linkToEvent (request: FastifyRequest, traceparent: unknown): void {
  if (isTraceparent(traceparent) && traceparent !== traceparentIn(request.headers)) {
    spans.get(request)?.link(traceparent)
  }
}
