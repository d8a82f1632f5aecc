import type { ServerResponse } from 'node:http'

/** Aborted when the answer is over, the client has hung up, or the function stops. */
export function goneOrStopping (answer: ServerResponse, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController()
  answer.once('close', () => gone.abort())
  return AbortSignal.any([gone.signal, stopping])
}
