import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { fieldErrors } from '../schema/field-errors.ts'
import { isProblem, problem, type ProblemError, type ProblemKind } from './problem.ts'

/** The errors of Fastify itself that are the caller's doing. */
const ofFastify: Record<string, ProblemKind> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid-request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid-request',
  FST_ERR_BAD_URL: 'invalid-request',
  FST_ERR_MAX_PARAM_LENGTH: 'invalid-request'
}

/** The one place where errors become answers. What nobody foresaw is a 500 without details; it is logged whole. */
export function answerProblem (error: FastifyError | ProblemError, request: FastifyRequest, reply: FastifyReply): void {
  const known = asProblem(error)
  if (known.problem.status >= 500) request.log.error({ err: error }, known.problem.title)
  else request.log.info({ problem: known.problem }, known.problem.title)
  // Closing the connection upon a body that nobody has read resets it, and the answer is lost with it; Node discards
  // the rest as it comes.
  if (known.problem.status === 413) reply.removeHeader('connection')
  reply
    .code(known.problem.status)
    .headers(known.headers)
    // A string body: the reply's own serializer does not know this media type.
    .type('application/problem+json')
    .send(JSON.stringify({ ...known.problem, trace_id: request.id }))
}

function asProblem (error: FastifyError | ProblemError): ProblemError {
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
      'The function could not handle the request; its log has the details under the trace id',
      { cause: error }
    )
  }
  const field = kind === 'unsupported-media-type'
    ? 'content-type'
    : kind === 'invalid-request' && !error.code.startsWith('FST_ERR_CTP')
      ? 'path'
      : 'body'
  // Fastify's own words repeat the path, and a connector's key may stand in it.
  const message = field === 'path' ? 'cannot be decoded, or a part of it is too long' : error.message
  return problem(kind, message, { errors: [{ field, message }], cause: error })
}
