import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { newTraceId } from '../telemetry/trace-context.ts'
import { problem, type ProblemError } from './problem.ts'

/** Answers bytes that are not valid HTTP. They never become a request, so the answer goes directly to the socket. */
export function answerClientError (error: Error & { code?: string }, socket: Socket): void {
  // The client is gone, or an answer may be partly sent. A second answer must not be mixed into it.
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy(error)
    return
  }
  const known = problemOf(error).problem
  const body = JSON.stringify({ ...known, trace_id: newTraceId() })
  const head = [
    `HTTP/1.1 ${known.status} ${STATUS_CODES[known.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close'
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy(error))
}

/** The codes are Node's: https://nodejs.org/api/http.html#event-clienterror */
function problemOf ({ code }: { code?: string }): ProblemError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problem('request-timeout', 'The request did not arrive in time')
  if (code === 'HPE_HEADER_OVERFLOW') return problem('headers-too-large', 'The headers are larger than 16 KiB')
  return problem('invalid-request', 'The request is not valid HTTP')
}
