import { isProblem } from '../../../shared/http/problem.ts'

const unreached = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT'
])

/**
 * Whether a request certainly did not reach the other side: no connection, so nothing can have come of it. Looks
 * through what a library wraps around the reason, not through a problem: whoever made one of it knows more.
 */
export function neverSent (error: unknown): boolean {
  if (!(error instanceof Error) || isProblem(error)) return false
  if ('code' in error && unreached.has(String(error.code))) return true
  // Several addresses were tried.
  if (error instanceof AggregateError) return error.errors.every(neverSent)
  return neverSent(error.cause)
}
