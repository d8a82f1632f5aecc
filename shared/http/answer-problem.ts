import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { fieldErrors } from '../schema/field-errors.ts'
import { isProblem, problem, type ProblemError, type ProblemKind } from './problem.ts'

/** Fastify's own errors that the client caused. */
const ofFastify: Record<string, ProblemKind> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid-request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid-request',
  FST_ERR_BAD_URL: 'invalid-request',
  FST_ERR_MAX_PARAM_LENGTH: 'invalid-request'
}

/** The only place where errors become answers. An unexpected error is a 500 without details; the log has all of it. */
export function answerProblem (error: FastifyError | ProblemError, request: FastifyRequest, reply: FastifyReply): void {
  const known = asProblem(error, request)
  if (known.problem.status >= 500) request.log.error({ err: error }, known.problem.title)
  else request.log.info({ problem: known.problem }, known.problem.title)
  // To close a connection with an unread body resets it, and the client loses the answer. Without this header, Node
  // discards the rest of the body.
  if (known.problem.status === 413) reply.removeHeader('connection')
  reply
    .code(known.problem.status)
    // Of a URL that cannot be decoded no hook hears, so it is set here.
    .headers({ 'cache-control': 'no-store', ...known.headers })
    // Sent as a string, because the reply's serializer does not know this media type.
    .type('application/problem+json')
    .send(JSON.stringify({ ...known.problem, trace_id: request.id }))
}

function asProblem (error: FastifyError | ProblemError, request: FastifyRequest): ProblemError {
  if (isProblem(error)) return error
  if (error.validation) {
    const errors = fieldErrors(error.validation, error.validationContext ?? 'request')
    const [first] = errors
    return problem('invalid-request', `${first?.field}: ${first?.message}`, { errors, cause: error })
  }
  const kind = ofFastify[error.code]
  if (kind === undefined) {
    return problem(
      'internal',
      'The function failed to handle the request. The log of the function has the details under this trace_id',
      { cause: error }
    )
  }
  if (kind === 'unsupported-media-type') {
    const message = `must be ${mediaTypesOf(request)}`
    return problem(kind, `content-type: ${message}`, { errors: [{ field: 'content-type', message }], cause: error })
  }
  const field = kind === 'invalid-request' && !error.code.startsWith('FST_ERR_CTP') ? 'path' : 'body'
  // Fastify's own message repeats the path, which may contain a connector's key.
  const message = field === 'path' ? 'cannot be decoded, or one of its parts is too long' : error.message
  return problem(kind, message, { errors: [{ field, message }], cause: error })
}

/** The media types of the bodies that a route reads, in words. */
function mediaTypesOf ({ routeOptions }: FastifyRequest): string {
  const { content = { 'application/json': {} } } = (routeOptions.schema?.body ?? {}) as { content?: object }
  return Object.keys(content).join(' or ')
}
