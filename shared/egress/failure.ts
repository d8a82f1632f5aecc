/**
 * An Error of a call that brought no answer, or could not even be made, with the reason in a word that may be shown to
 * whoever gave the URL.
 */
export function failed (failure: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { failure })
}

export function failureOf (error: unknown): string | undefined {
  return error instanceof Error && 'failure' in error ? String(error.failure) : undefined
}
