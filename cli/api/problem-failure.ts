import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { printable } from '../../shared/words/printable.ts'

interface ProblemDocument {
  type: string
  title: string
  detail?: string
  errors?: { field: string, message: string }[]
  job_uuid?: string
  trace_id?: string
}

const HINTS: Record<string, string> = {
  unauthorized: 'sign in with gx4ki login, or set GX4KI_TOKEN_FILE',
  'unknown-template': 'gx4ki templates shows them',
  'unknown-job': 'gx4ki list shows your jobs; a job that has expired is gone',
  'unknown-file': 'gx4ki files shows the files of a job',
  'log-not-available': 'gx4ki logs -f waits for it',
  'too-many-jobs': 'wait for a job to end, or cancel one',
  'quota-exceeded': 'wait for other jobs to end',
  'idempotency-mismatch': 'use another --idempotency-key for another job',
  internal: 'tell the operator the trace id',
  'store-unavailable': 'the operator of the installation has to look at it, if it stays so',
  'kubernetes-unavailable': 'the operator of the installation has to look at it, if it stays so'
}

/** The error for an answer that is no success: a problem of the API, or anything that something on the way sends. */
export async function problemFailure (response: Response, where: string): Promise<Failure> {
  const { status } = response
  const problem = await problemIn(response)
  if (problem === undefined) {
    const isOther = status === 404 || status === 405
    return new Failure(EXIT.unexpected, `${where} answered with status ${status}`, {
      type: 'urn:gx4ki:cli:answer',
      status,
      hint: isOther ? 'is this the address of gx4ki-jobs? Set --url or GX4KI_URL' : undefined
    })
  }
  const { type, title, detail = title, errors, job_uuid: id, trace_id: trace } = problem
  const kind = type.replace(/^urn:gx4ki:problem:/, '')
  return new Failure(codeOf(status, kind), printable(detail), {
    type,
    status,
    errors: errors?.map(({ field, message }) => ({ field: printable(field), message: printable(message) })),
    job_uuid: id,
    trace_id: trace,
    hint: HINTS[kind]
  })
}

async function problemIn (response: Response): Promise<ProblemDocument | undefined> {
  const text = await response.text().catch(() => '')
  if (!/^application\/problem\+json/.test(response.headers.get('content-type') ?? '')) return undefined
  try {
    const { type, title, detail, errors, job_uuid: id, trace_id: trace } = JSON.parse(text) as Record<string, unknown>
    if (typeof type !== 'string' || typeof title !== 'string') return undefined
    return {
      type,
      title,
      ...(typeof detail === 'string' && { detail }),
      ...(Array.isArray(errors) && { errors: errors.filter(isFieldError) }),
      ...(typeof id === 'string' && { job_uuid: id }),
      ...(typeof trace === 'string' && { trace_id: trace })
    }
  } catch {
    return undefined
  }
}

function isFieldError (error: unknown): error is { field: string, message: string } {
  if (typeof error !== 'object' || error === null) return false
  const { field, message } = error as Record<string, unknown>
  return typeof field === 'string' && typeof message === 'string'
}

function codeOf (status: number, kind: string): ExitCode {
  if (kind === 'log-not-available' || kind === 'job-not-ended') return EXIT.unended
  if (status === 401 || status === 403) return EXIT.access
  if (status === 404 || status === 410) return EXIT.unknown
  return [400, 413, 415, 422].includes(status) ? EXIT.refused : EXIT.unexpected
}
