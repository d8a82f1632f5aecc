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
 * Whether a request certainly did not reach the server, because there was no connection. Checks the causes of a wrapped
 * error too, but not those of a problem: the code that made the problem has already interpreted the error.
 */
export function neverSent (error: unknown): boolean {
  if (!(error instanceof Error) || isProblem(error)) return false
  if ('code' in error && unreached.has(String(error.code))) return true
  // The client tried several addresses.
  if (error instanceof AggregateError) return error.errors.every(neverSent)
  return neverSent(error.cause)
}
