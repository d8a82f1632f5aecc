/**
 * An Error for a request that got no answer or could not be made. `failure` is a reason code that may be shown to the
 * client that gave the URL.
 */
export function failed (failure: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { failure })
}

export function failureOf (error: unknown): string | undefined {
  return error instanceof Error && 'failure' in error ? String(error.failure) : undefined
}
