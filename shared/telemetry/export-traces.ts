/**
 * All OpenTelemetry code of this project. It has its own bundle, dist/export-traces.cjs, which the functions load only
 * when a collector is configured. The OpenTelemetry packages read endpoint, headers, timeout, certificates,
 * compression, service name and resource attributes from the standard variables.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  createTraceState,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace
} from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector
} from '@opentelemetry/resources'
import { BatchSpanProcessor, RandomIdGenerator, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { traceparentIn } from './trace-context.ts'
import type { EndSpan, Tracing } from './tracing.ts'

export function exportTraces (
  service: string,
  complain: (message: string) => void,
  environment: NodeJS.ProcessEnv
): Tracing {
  const silent = (): void => {}
  diag.setLogger({ error: complain, warn: complain, info: silent, debug: silent, verbose: silent }, DiagLogLevel.WARN)
  // If the caller sent no trace context, the new trace gets the id that the request already has in its log and its
  // problems.
  let wanted: string | undefined
  const ids = new RandomIdGenerator()
  const provider = new TracerProvider({
    // The environment variables override the service name.
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': service }))
      .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
    idGenerator: { generateTraceId: () => wanted ?? ids.generateTraceId(), generateSpanId: () => ids.generateSpanId() },
    spanProcessors: [new BatchSpanProcessor({ exporter: exporterOf(environment) })]
  })
  const tracer = provider.getTracer('gx4ki-jobs')
  const current = new AsyncLocalStorage<Context>()

  return {
    startRequest ({ id, headers }) {
      const parent = traceparentIn(headers)
      wanted = id
      const span = tracer.startSpan(
        'HTTP',
        { kind: SpanKind.SERVER },
        parent === undefined ? ROOT_CONTEXT : remote(parent, String(headers['tracestate'] ?? ''))
      )
      wanted = undefined
      const context = trace.setSpan(ROOT_CONTEXT, span)
      return {
        traceparent: traceparentOf(span),
        within: (work) => current.run(context, work),
        link: (traceparent) => {
          span.addLink({ context: trace.getSpanContext(remote(traceparent))! })
        },
        name: (name) => {
          span.updateName(name)
        },
        end: endOf(span)
      }
    },
    startSpan (name, attributes) {
      const context = current.getStore()
      // Work outside of a request belongs to the start of the function, and is not traced.
      return context === undefined
        ? () => {}
        : endOf(tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, context))
    },
    addPast (traceparent, name, { from, to }, outcome) {
      const here = trace.getSpanContext(current.getStore() ?? ROOT_CONTEXT)
      const span = tracer.startSpan(
        name,
        { startTime: new Date(from), ...(here && { links: [{ context: here }] }) },
        remote(traceparent)
      )
      endOf(span, new Date(to))(outcome)
    },
    async stop () {
      // All other work is done. An unreachable collector must not turn that into a failure.
      await provider.shutdown().catch((error: Error) => complain(`some spans were not sent: ${error.message}`))
    }
  }
}

/** https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
function exporterOf (environment: NodeJS.ProcessEnv): SpanExporter {
  const protocol = environment['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || environment['OTEL_EXPORTER_OTLP_PROTOCOL'] ||
    'http/protobuf'
  if (protocol === 'http/protobuf') return new ProtobufExporter()
  if (protocol === 'http/json') return new JsonExporter()
  throw new Error(`wrong settings: OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json, not ${protocol}`)
}

function remote (traceparent: string, tracestate = ''): Context {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-')
  const state = tracestate === '' ? {} : { traceState: createTraceState(tracestate) }
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: parseInt(flags, 16),
    isRemote: true,
    ...state
  })
}

function traceparentOf (span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

function endOf (span: Span, at?: Date): EndSpan {
  return ({ attributes = {}, error } = {}) => {
    span.setAttributes(attributes)
    if (error !== undefined) span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR })
    span.end(at)
  }
}
