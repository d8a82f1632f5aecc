import { setTimeout as sleep } from 'node:timers/promises'
import { backOff } from './back-off.ts'

export interface Answer {
  /** 200 or 204, or 400 or 422 when the service refuses just this. */
  status: number
  body: any
}

/**
 * Asks result-upload about this attempt. It waits as long as the service is away. It rejects when the job may upload
 * nothing any more, or when the `signal` is aborted.
 */
export type Ask = (
  method: 'POST',
  route: string,
  content: object,
  signal?: AbortSignal
) => Promise<Answer>

/** How long one answer may take: longer than the service gives the store, and long enough to compare 100,000 files. */
const PATIENCE_MS = { done: 300_000, other: 60_000 }

const PROBLEM = 'urn:gx4ki:problem:'
const refusals = ['invalid-request', 'upload-refused'].map((kind) => PROBLEM + kind)
const ends = ['unauthorized', 'job-ended'].map((kind) => PROBLEM + kind)

interface Service {
  url: string
  token: string
  /** Aborted when there is no time left, unless a call has a signal of its own. */
  over: AbortSignal
  log: (line: string) => void
}

export function askService ({ url, token, over, log }: Service): Ask {
  return async function ask (method, route, content, signal = over) {
    for (let tried = 0; ; tried++) {
      const answer = await askOnce(method, route, content, signal)
      if (typeof answer !== 'string') return answer
      signal.throwIfAborted()
      log(`result-upload: ${answer}; asking again`)
      await sleep(backOff(tried), undefined, { signal })
    }
  }

  /** The answer, or what is in the way of one. */
  async function askOnce (
    method: string,
    route: string,
    content: object,
    signal: AbortSignal
  ): Promise<Answer | string> {
    let status, text
    try {
      const patience = AbortSignal.timeout(route === 'done' ? PATIENCE_MS.done : PATIENCE_MS.other)
      const response = await fetch(`${url}/${route}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(content),
        redirect: 'error',
        signal: AbortSignal.any([signal, patience])
      })
      status = response.status
      text = await response.text()
    } catch (error) {
      return reasonOf(error)
    }
    const body = parse(text)
    if (status === 200 || status === 204) {
      return body === undefined && status === 200
        ? 'answers something that is no JSON'
        : { status, body }
    }
    // The kind counts, not the status alone: a proxy on the way has statuses of its own.
    if (ends.includes(body?.type)) throw new Error(`result-upload takes nothing more: ${body.title}`)
    if (refusals.includes(body?.type)) return { status, body }
    return `answers ${status}`
  }
}

/** fetch says only that it failed; the cause says why. */
function reasonOf (error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${(cause as NodeJS.ErrnoException).code ?? cause.message}` : message
}

function parse (text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    // Not from the service then, or cut off; the caller tells by that.
    return undefined
  }
}
