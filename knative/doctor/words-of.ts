import { statusMessage } from '../../shared/kubernetes/status-message.ts'

/**
 * The messages of an error and its causes in one line. For a refusal by the API server it is the message of the Status,
 * because the message of the exception contains the whole response.
 */
export function wordsOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as Error & { code?: unknown }
  const own = statusMessage(error) ?? (error.message || String(code))
  const words = error.cause === undefined ? own : `${own}: ${wordsOf(error.cause)}`
  return words.replace(/\s+/g, ' ')
}
