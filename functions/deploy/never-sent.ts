const unreached = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

/** Whether a request certainly did not reach the other side: no connection, so nothing can have come of it. */
export function neverSent (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && unreached.has(String(error.code))) return true
  // Several addresses were tried.
  if (error instanceof AggregateError) return error.errors.every(neverSent)
  return neverSent(error.cause)
}
