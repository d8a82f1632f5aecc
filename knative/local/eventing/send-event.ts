import { setTimeout as pause } from 'node:timers/promises'
import { HTTP, type CloudEvent } from 'cloudevents'

/** The status codes that the Go SDK of CloudEvents retries. All others, such as 400, 408 and 500, get one try. */
const RETRIED = [404, 425, 429, 502, 503, 504]

/** Pauses of ApiServerSource and PingSource in milliseconds: six tries within 3.1 s. */
const PAUSES = [100, 200, 400, 800, 1600]

/**
 * Sends an event as Knative's sources do, and returns whether the sink accepted it. Never throws. An event that was not
 * accepted is lost: no source sends it again.
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
      // A refused or reset connection counts as a 502 from a gateway.
      .then((answer) => answer.body?.cancel().then(() => answer.status) ?? answer.status, () => 502)
    if (status < 300) return true
    if (!RETRIED.includes(status) || tried === PAUSES.length) return false
    // The signal ends the pause early; the remaining tries then fail at once.
    await pause(PAUSES[tried], undefined, { signal }).catch(() => {})
  }
}
