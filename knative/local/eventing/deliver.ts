import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery } from '../manifests.ts'

/** How a delivery ended. Status, headers and body are those of the last response; the dead letter reports them. */
export interface Outcome {
  delivered: boolean
  status: number
  headers: Record<string, string>
  body: Buffer
  tries: number
}

export interface Message {
  headers: Record<string, string>
  body: Buffer | string
}

/**
 * The status codes that Knative retries (knative.dev/eventing, kncloudevents/retries.go): a 404 may come from a pod
 * that is not ready yet, a 409 from a temporary conflict.
 */
export function isRetried (status: number): boolean {
  return status >= 500 || [404, 408, 409, 429].includes(status)
}

/** The pause in milliseconds after try number `tried`, counted from 0. */
export function backoff ({ backoffPolicy, backoffDelay }: Delivery, tried: number): number {
  return milliseconds(backoffDelay) * (backoffPolicy === 'exponential' ? 2 ** tried : tried)
}

/** The milliseconds of an ISO 8601 duration of hours, minutes and seconds: `PT0.5S`, `PT1M`. */
export function milliseconds (duration: string): number {
  const parts = /^PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(duration)
  if (parts === null) throw new Error(`not an ISO 8601 duration of hours, minutes and seconds, such as PT1M: ${duration}`)
  const [, hours = 0, minutes = 0, seconds = 0] = parts
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

/** Sends a message until it is accepted, refused permanently, or all `delivery.retry` retries are used. */
export async function deliver (
  url: string,
  message: Message,
  delivery: Delivery,
  signal: AbortSignal
): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    const outcome = { ...await attempt(url, message, milliseconds(delivery.timeout), signal), tries }
    if (outcome.delivered || !isRetried(outcome.status) || tries > delivery.retry) return outcome
    await pause(backoff(delivery, tries - 1), undefined, { signal })
  }
}

async function attempt (
  url: string,
  { headers, body }: Message,
  timeout: number,
  signal: AbortSignal
): Promise<Omit<Outcome, 'tries'>> {
  let answer: Response
  let answered: Buffer
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)])
    })
    answered = Buffer.from(await answer.arrayBuffer())
  } catch (error) {
    signal.throwIfAborted()
    // A missing response counts as a 500, and the dead letter reports it as such.
    return { delivered: false, status: 500, headers: {}, body: Buffer.from(`dispatch error: ${reason(error)}`) }
  }
  // A response body must be a reply event. Any other body counts as a failure and is retried.
  const isReply = answer.headers.has('ce-specversion') ||
    answer.headers.get('content-type')?.startsWith('application/cloudevents')
  const told = { headers: Object.fromEntries(answer.headers), body: answered }
  if (answer.ok && answered.length > 0 && !isReply) return { delivered: false, status: 502, ...told }
  return { delivered: answer.ok, status: answer.status, ...told }
}

function reason (error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
