/** What a route says of itself for the OpenAPI documents, beside its schemas. */
export interface RouteFacts {
  /**
   * A verb and its object, unique in a document: generated clients name a function after it. A route without one is in
   * no document.
   */
  operationId?: string
  /** The groups of operations; openapi/documents.ts describes them. */
  tags?: string[]
  summary?: string
  description?: string
  /** The credentials of a route that is not for callers; without it, the route is open. */
  security?: Record<string, string[]>[]
  /** Whether the route is not part of an API: its requests are in no trace. */
  hide?: boolean
}

declare module 'fastify' {
  interface FastifySchema extends RouteFacts {}
}
