import { isProblem } from '../../../shared/http/problem.ts'

const nothingMade = new Set([
  // The API server said so.
  'NotMade',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // There was no connection in time.
  'NotConnected'
])

/**
 * Whether a request certainly made nothing: there was no connection, or the API server said so. Checks the causes of a
 * wrapped error too, but not those of a problem: the code that made the problem has already interpreted the error.
 */
export function neverMade (error: unknown): boolean {
  if (!(error instanceof Error) || isProblem(error)) return false
  if ('code' in error && nothingMade.has(String(error.code))) return true
  // The client tried several addresses.
  if (error instanceof AggregateError) return error.errors.every(neverMade)
  return neverMade(error.cause)
}
