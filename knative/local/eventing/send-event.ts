import { setTimeout as pause } from 'node:timers/promises'
import { HTTP, type CloudEvent } from 'cloudevents'

/** What CloudEvents' Go SDK tries again; for the rest, 400, 408 and 500 among them, one try is all. */
const RETRIED = [404, 425, 429, 502, 503, 504]

/** Pauses of ApiServerSource and PingSource in milliseconds: six tries over 3.1 s. */
const PAUSES = [100, 200, 400, 800, 1600]

/**
 * Sends an event as Knative's sources do, and says whether it arrived; never throws. What did not arrive is lost: no
 * source sends it again.
 */
export async function sendEvent (
  sink: string,
  event: CloudEvent<unknown>,
  headers: Record<string, string>,
  signal: AbortSignal
): Promise<boolean> {
  const message = HTTP.binary(event)
  for (let tried = 0; ; tried++) {
    const status = await fetch(sink, {
      method: 'POST',
      headers: { ...message.headers as Record<string, string>, ...headers },
      body: message.body as string,
      signal
    })
      // Refused and reset count as a gateway's 502.
      .then((answer) => answer.body?.cancel().then(() => answer.status) ?? answer.status, () => 502)
    if (status < 300) return true
    if (!RETRIED.includes(status) || tried === PAUSES.length) return false
    // Cut short by the signal: then the tries that are left end at once.
    await pause(PAUSES[tried], undefined, { signal }).catch(() => {})
  }
}
