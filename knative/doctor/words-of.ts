/**
 * What an error and its causes say, in one line; of an API server's refusal the message alone, for the exception's own
 * has the whole answer in it.
 */
export function wordsOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { body, code } = error as Error & { body?: unknown, code?: unknown }
  const own = messageOf(body) ?? (error.message || String(code))
  const words = error.cause === undefined ? own : `${own}: ${wordsOf(error.cause)}`
  return words.replace(/\s+/g, ' ')
}

function messageOf (body: unknown): string | undefined {
  try {
    const status = (typeof body === 'string' ? JSON.parse(body) : body) as
      | { kind?: string, message?: string }
      | null
      | undefined
    return status?.kind === 'Status' ? status.message : undefined
  } catch {
    // A page of some proxy on the way.
    return undefined
  }
}
