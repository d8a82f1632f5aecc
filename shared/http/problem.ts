import { Type, type Static } from 'typebox'

/** RFC 9457, with the fields that callers of this API rely on. */
export const Problem = Type.Object({
  type: Type.String({ description: 'Stable; what a program should look at' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
  job_uuid: Type.Optional(Type.String()),
  trace_id: Type.Optional(Type.String())
}, { $id: 'Problem', title: 'Problem' })

/** Every kind of problem that the functions answer with: status and title; the name makes `type`. */
const kinds = {
  'invalid-request': [400, 'The request is not valid'],
  'invalid-event': [400, 'The event is not valid'],
  unauthorized: [401, 'The credential is missing or wrong'],
  forbidden: [403, 'The credential is not good for this'],
  'transfer-closed': [403, 'The transfer gives no access any more'],
  'job-ended': [403, 'The job has ended'],
  'not-found': [404, 'There is no such path'],
  'unknown-job': [404, 'There is no such job'],
  'unknown-callback': [404, 'There is no such callback'],
  'unknown-template': [400, 'There is no such template'],
  'unknown-asset': [404, 'There is no such asset'],
  'unknown-transfer': [404, 'There is no such transfer'],
  'unknown-file': [404, 'There is no such result file'],
  'log-not-available': [404, 'The log is not available'],
  'method-not-allowed': [405, 'The path does not know this method'],
  'request-timeout': [408, 'The request took too long'],
  'transfer-ended': [409, 'The transfer has ended'],
  conflict: [409, 'Somebody else was faster'],
  'job-not-ended': [409, 'The job has not ended'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The content type is not understood'],
  'range-not-satisfiable': [416, 'The range lies outside the file'],
  'idempotency-mismatch': [422, 'The idempotency key was used with another request'],
  'unknown-event-job': [422, 'The event is not about a job of ours'],
  'upload-refused': [422, 'The upload cannot be accepted'],
  'rejected-by-kubernetes': [422, 'Kubernetes does not accept the Job'],
  'too-many-jobs': [429, 'The caller has as many open jobs as he may have'],
  'too-many-requests': [429, 'The caller asks too often'],
  'headers-too-large': [431, 'The headers are too large'],
  internal: [500, 'Something went wrong here'],
  'demo-failed': [502, 'The demo job did not succeed'],
  'credentials-unavailable': [503, 'The credentials cannot be checked'],
  'issuer-unavailable': [503, 'The issuer of tokens does not answer as it should'],
  'templates-unavailable': [503, 'The templates cannot be read'],
  'connectors-unavailable': [503, 'The connectors cannot be read'],
  'store-unavailable': [503, 'The object store does not answer as it should'],
  'kubernetes-unavailable': [503, 'Kubernetes does not answer as it should']
} as const

export type ProblemKind = keyof typeof kinds

interface Facts {
  errors?: { field: string, message: string }[]
  job_uuid?: string
  headers?: Record<string, string>
  cause?: unknown
}

/** What a problem carries; lies on an Error under `problem`, so that one handler can answer with it. */
export interface ProblemError extends Error {
  problem: Static<typeof Problem>
  headers: Record<string, string>
}

/**
 * An Error that the server answers as problem+json. `detail` is shown to the caller: no secrets, no stack, no foreign
 * message.
 */
export function problem (
  kind: ProblemKind,
  detail: string,
  { errors, job_uuid: id, headers = {}, cause }: Facts = {}
): ProblemError {
  const [status, title] = kinds[kind]
  return Object.assign(new Error(detail, { cause }), {
    headers: status === 503 ? { 'retry-after': '5', ...headers } : headers,
    problem: {
      type: `urn:gx4ki:problem:${kind}`,
      title,
      status,
      detail,
      ...(errors && { errors }),
      ...(id !== undefined && { job_uuid: id })
    }
  })
}

export function isProblem (error: unknown, kind?: ProblemKind): error is ProblemError {
  if (!(error instanceof Error) || !('problem' in error)) return false
  return kind === undefined || (error as ProblemError).problem.type === `urn:gx4ki:problem:${kind}`
}

/** The most frequent one: a single field is wrong. */
export function invalidField (field: string, message: string): ProblemError {
  return problem('invalid-request', `${field}: ${message}`, { errors: [{ field, message }] })
}

/** The id in the path is that of no job, or of none any more. */
export function unknownJob (id: string): ProblemError {
  return problem('unknown-job', 'There is no job with this id', {
    job_uuid: id,
    errors: [{ field: 'id', message: 'is not known' }]
  })
}
