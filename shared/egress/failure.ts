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

/** Why there was no answer. */
export type Failure =
  | 'EgressDenied'
  | 'DnsError'
  | 'ConnectionRefused'
  | 'Unreachable'
  | 'TlsError'
  | 'ConnectionReset'
  | 'RequestCut'
  | 'InvalidAnswer'
  | 'Timeout'

/**
 * Turns an error in a step into a failure: `Timeout` if the time is over, else `kind`, else the failure for the
 * system's error code.
 */
export async function orFail<T> (kind: Failure | undefined, late: AbortSignal, step: Promise<T>): Promise<T> {
  try {
    return await step
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    throw failed(late.aborted ? 'Timeout' : kind ?? wordOf(code), (cause as Error).message, cause)
  }
}

function wordOf (code: string): Failure {
  if (code === 'ECONNREFUSED') return 'ConnectionRefused'
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'ConnectionReset'
  return code.startsWith('HPE_') ? 'InvalidAnswer' : 'Unreachable'
}
