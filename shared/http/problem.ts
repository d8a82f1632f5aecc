import { Type, type Static } from 'typebox'
import { shortened } from './shortened.ts'

const FieldError = Type.Object({ field: Type.String(), message: Type.String() }, { title: 'FieldError' })

/** RFC 9457, with the fields that callers of this API rely on. */
export const Problem = Type.Object({
  type: Type.String({
    description: 'Stable identifier of the kind of problem; programs should compare this field',
    examples: ['urn:gx4ki:problem:unknown-job']
  }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  errors: Type.Optional(Type.Array(FieldError, { description: 'At most 100' })),
  more_errors: Type.Optional(Type.Integer({ description: 'How many more errors there are, which `errors` leaves out' })),
  job_uuid: Type.Optional(Type.String()),
  trace_id: Type.Optional(Type.String({ description: 'The log of the functions has this id' }))
}, { title: 'Problem' })

/**
 * Every kind of problem that the functions answer with: its status and title. The key is the end of its `type`.
 * docs/http.md says what to do about each one.
 */
export const problemKinds = {
  'invalid-request': [400, 'The request is not valid'],
  'invalid-event': [400, 'The event is not valid'],
  unauthorized: [401, 'The credential is missing or wrong'],
  forbidden: [403, 'The credential does not allow this request'],
  'transfer-closed': [403, 'The transfer no longer gives access'],
  'job-ended': [403, 'The job has ended'],
  'not-found': [404, 'There is no such path'],
  'unknown-job': [404, 'There is no such job'],
  'unknown-callback': [404, 'There is no such callback'],
  'unknown-template': [400, 'There is no such template'],
  'unknown-asset': [404, 'There is no such asset'],
  'unknown-transfer': [404, 'There is no such transfer'],
  'unknown-file': [404, 'There is no such result file'],
  'log-not-available': [404, 'The log is not available yet'],
  'no-log': [404, 'The job has no log'],
  'method-not-allowed': [405, 'The path does not support this method'],
  'request-timeout': [408, 'The request took too long'],
  'transfer-ended': [409, 'The transfer has ended'],
  conflict: [409, 'The request conflicts with the current state'],
  'job-not-ended': [409, 'The job has not ended'],
  'precondition-failed': [412, 'A condition of the request does not hold'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The content type is not supported'],
  'range-not-satisfiable': [416, 'The range lies outside the file'],
  'idempotency-mismatch': [422, 'The idempotency key was used with another request'],
  'unknown-event-job': [422, 'The event is not about a job of this installation'],
  'upload-refused': [422, 'The upload cannot be accepted'],
  'rejected-by-kubernetes': [422, 'The Job was refused'],
  'too-many-jobs': [429, 'The caller has reached the limit of open jobs'],
  'quota-exceeded': [429, 'The quota of the cluster for jobs is used up'],
  'too-many-requests': [429, 'The caller sends too many requests'],
  'headers-too-large': [431, 'The headers are too large'],
  internal: [500, 'Internal error'],
  'demo-failed': [502, 'The demo job did not succeed'],
  'credentials-unavailable': [503, 'The credentials cannot be checked'],
  'issuer-unavailable': [503, 'The token issuer is not available'],
  'templates-unavailable': [503, 'The templates cannot be read'],
  'connectors-unavailable': [503, 'The connectors cannot be read'],
  'record-to-come': [503, 'The record of the job is not written yet'],
  'store-unavailable': [503, 'The object store is not available'],
  'kubernetes-unavailable': [503, 'Kubernetes is not available']
} as const

export type ProblemKind = keyof typeof problemKinds

interface Facts {
  errors?: { field: string, message: string }[]
  job_uuid?: string
  headers?: Record<string, string>
  cause?: unknown
}

/** An Error that carries a problem, so that one error handler can answer with it. */
export interface ProblemError extends Error {
  problem: Static<typeof Problem>
  headers: Record<string, string>
}

/** An answer, and the log line of it, must stay short, whatever names and values a request has. */
const MOST_ERRORS = 100
const LONGEST_FIELD = 300
const LONGEST_TEXT = 1000

/**
 * Makes an Error that the server answers as problem+json. The caller sees `detail`, so it must not contain a secret, a
 * stack trace or the message of another program. A 503 gets `Retry-After`.
 */
export function problem (
  kind: ProblemKind,
  detail: string,
  { errors, job_uuid: id, headers = {}, cause }: Facts = {}
): ProblemError {
  const [status, title] = problemKinds[kind]
  const told = shortened(detail, LONGEST_TEXT)
  return Object.assign(new Error(told, { cause }), {
    headers: status === 503 ? { 'retry-after': '5', ...headers } : headers,
    problem: {
      type: `urn:gx4ki:problem:${kind}`,
      title,
      status,
      detail: told,
      ...(errors && {
        errors: errors.slice(0, MOST_ERRORS).map(({ field, message }) => ({
          field: shortened(field, LONGEST_FIELD),
          message: shortened(message, LONGEST_TEXT)
        })),
        ...(errors.length > MOST_ERRORS && { more_errors: errors.length - MOST_ERRORS })
      }),
      ...(id !== undefined && { job_uuid: id })
    }
  })
}

export function isProblem (error: unknown, kind?: ProblemKind): error is ProblemError {
  if (!(error instanceof Error) || !('problem' in error)) return false
  return kind === undefined || (error as ProblemError).problem.type === `urn:gx4ki:problem:${kind}`
}

/** The most frequent problem: a single field is wrong. */
export function invalidField (field: string, message: string): ProblemError {
  return problem('invalid-request', `${field}: ${message}`, { errors: [{ field, message }] })
}

/** The problem for an id in the path that belongs to no job, or to a job that was removed. */
export function unknownJob (id: string): ProblemError {
  return problem('unknown-job', 'There is no job with this id', {
    job_uuid: id,
    errors: [{ field: 'id', message: 'is not known' }]
  })
}
