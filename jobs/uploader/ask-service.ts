import { setTimeout as sleep } from 'node:timers/promises'
import { backOff } from './back-off.ts'

export interface Answer {
  /** 200 or 204, or 400 or 422 when the service refuses just this. */
  status: number
  body: any
}

/**
 * Asks result-upload about this attempt. Rejects only when the job may upload nothing any more; what may pass is waited
 * for.
 */
export type Ask = (method: 'GET' | 'POST' | 'DELETE', route: string, content?: object) => Promise<Answer>

/** Longer than the service gives the store to answer. */
const PATIENCE_MS = 60_000

const PROBLEM = 'urn:gx4ki:problem:'
const refusals = ['invalid-request', 'upload-refused'].map((kind) => PROBLEM + kind)
const ends = ['unauthorized', 'job-ended'].map((kind) => PROBLEM + kind)

export function askService ({ url, token, log }: { url: string, token: string, log: (line: string) => void }): Ask {
  return async function ask (method, route, content) {
    for (let tried = 0; ; tried++) {
      const answer = await askOnce(method, route, content)
      if (typeof answer !== 'string') return answer
      log(`result-upload: ${answer}; asking again`)
      await sleep(backOff(tried))
    }
  }

  /** The answer, or what is in the way of one. */
  async function askOnce (method: string, route: string, content?: object): Promise<Answer | string> {
    let status, text
    try {
      const response = await fetch(`${url}/${route}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(content && { 'content-type': 'application/json' }) },
        body: content ? JSON.stringify(content) : null,
        redirect: 'error',
        signal: AbortSignal.timeout(PATIENCE_MS)
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

/** fetch says only that it failed; why stands in the cause. */
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
