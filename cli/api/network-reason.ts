const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_ABORTED: 'the connection was cut',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no answer in time',
  ENETUNREACH: 'the network is not reachable',
  ENETDOWN: 'the network is down',
  EHOSTUNREACH: 'the host is not reachable',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the name of the host cannot be looked up now'
}

/** Why a request got no answer, and whether it makes sense to try again. */
export function networkReason (error: unknown): { reason: string, isTemporary: boolean } {
  if (error instanceof Error && error.name === 'TimeoutError') return { reason: 'no answer in time', isTemporary: true }
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== undefined && code in REASONS) return { reason: REASONS[code]!, isTemporary: true }
    // A body that ended too early has no code.
    if (cause.message === 'terminated') return { reason: 'the connection was cut', isTemporary: true }
    if (code !== undefined && cause.cause === undefined) return { reason: `${cause.message} (${code})`, isTemporary: false }
  }
  return { reason: error instanceof Error ? error.message : String(error), isTemporary: false }
}
