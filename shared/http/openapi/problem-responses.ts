import { STATUS_CODES } from 'node:http'
import { Problem } from '../problem.ts'
import { answerHeaders } from './answer-headers.ts'

/** The headers that a problem has because of its status. */
const headersOf: Record<number, Parameters<typeof answerHeaders>> = {
  401: ['WWW-Authenticate'],
  403: ['WWW-Authenticate?'],
  // That of a log which is still to come.
  404: ['Retry-After?'],
  405: ['Allow'],
  // When the body is compressed.
  415: ['Accept-Encoding?'],
  416: ['Content-Range'],
  429: ['Retry-After'],
  503: ['Retry-After']
}

/** The problem responses of a route, for the OpenAPI documents. */
export function problems (...statuses: number[]): Record<number, object> {
  return Object.fromEntries(statuses.map((status) => [status, {
    description: STATUS_CODES[status],
    headers: answerHeaders(...headersOf[status] ?? []),
    content: { 'application/problem+json': { schema: Problem } }
  }]))
}
