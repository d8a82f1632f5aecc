import type { Test } from 'tap'
import { httpServer } from './http-server.ts'

export interface Span {
  service: string
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  attributes: Record<string, string>
  failed: boolean
  seconds: number
  links: { traceId: string, spanId: string }[]
}

interface Attribute {
  key: string
  value: { stringValue?: string, intValue?: string }
}
interface Exported {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: {
      spans:
      (Omit<Span, 'attributes' | 'links'> & {
        attributes: Attribute[]
        links?: Span['links']
        status?: { code?: number }
        startTimeUnixNano: string
        endTimeUnixNano: string
      })[]
    }[]
  }[]
}

/**
 * Starts a collector that takes OTLP as JSON. Returns the environment that makes a function export to it, and the spans
 * that it has received.
 */
export async function collector (t: Test) {
  const { url, received } = await httpServer(
    t,
    (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  )
  return {
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    received,
    spans: (): Span[] => received.flatMap(({ body }) => spansIn(JSON.parse(body.toString()) as Exported))
  }
}

function spansIn ({ resourceSpans }: Exported): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: plain(resource.attributes)['service.name']!,
        traceId: span.traceId,
        spanId: span.spanId,
        ...(span.parentSpanId && { parentSpanId: span.parentSpanId }),
        name: span.name,
        attributes: plain(span.attributes),
        failed: span.status?.code === 2,
        seconds: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e9,
        links: span.links ?? []
      }))
    )
  )
}

function plain (attributes: Attribute[]): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, String(value.stringValue ?? value.intValue)]))
}
