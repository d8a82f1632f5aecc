/**
 * The messages of an error and its causes in one line. For a refusal by the API server it is the message of the Status,
 * because the message of the exception contains the whole response.
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
    // Not JSON, for example an HTML page from a proxy.
    return undefined
  }
}
