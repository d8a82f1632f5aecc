import { randomUUID } from 'node:crypto'
import { CloudEvent, HTTP } from 'cloudevents'
import { Type, type Static, type TObject } from 'typebox'
import { guardedRequest } from '../egress/guarded-request.ts'
import { sinkSettings, sinkToken } from './sink-settings.ts'

export const brokerSettings = {
  BROKER_URL: Type.Optional(
    Type.String({
      pattern: '^https?://',
      description: 'The Broker of the functions. Without it, what is due in seconds waits for a ping'
    })
  ),
  K_SINK_TOKEN_FILE: sinkSettings.K_SINK_TOKEN_FILE
}

/** The type of the event after which `job-completed` makes the due callbacks of the job that is its subject. */
export const CALLBACK_DUE = 'org.gx4ki.callback.due'

/** Callbacks that are due within this time do not wait for a ping. */
export const SOON_MS = 10_000

/** Longer than the Trigger's timeout, because a Broker may answer only after the subscriber. */
const TIMEOUT_MS = 30_000

/**
 * Asks `job-completed` to make the callbacks of a job that are due now or soon. Returns whether the Broker has the
 * request; if not, the next ping makes them. Never throws.
 */
export type Remind = (id: string) => Promise<boolean>

export function remindBy (
  { BROKER_URL: url, K_SINK_TOKEN_FILE: tokenFile }: Static<TObject<typeof brokerSettings>>
): Remind {
  return async function remind (id) {
    if (url === undefined) return false
    try {
      const { headers } = HTTP.binary(
        new CloudEvent({ id: randomUUID(), source: '/gx4ki-jobs', type: CALLBACK_DUE, subject: id })
      )
      const token = sinkToken(tokenFile)
      const { status } = await guardedRequest({
        method: 'POST',
        url,
        headers: {
          ...headers as Record<string, string>,
          ...(token !== undefined && { authorization: `Bearer ${token}` })
        },
        allowed: [new URL(url).origin],
        timeoutMs: TIMEOUT_MS
      }, { allowed: new Set(), denied: [] })
      return status >= 200 && status < 300
    } catch {
      // The Broker is down, or has not answered in time. A ping does the same work.
      return false
    }
  }
}
