import { Problem } from './problem.ts'

/** The problem responses of a route, for the OpenAPI document. */
export function problems (...statuses: number[]): Record<number, object> {
  const answer = {
    description: 'problem+json (RFC 9457)',
    content: { 'application/problem+json': { schema: Problem } }
  }
  return Object.fromEntries(statuses.map((status) => [status, answer]))
}
