import { randomUUID } from 'node:crypto'
import { askJson, notOfApi } from '../api/ask.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { isJobId, keepLastJob } from '../settings/last-job.ts'
import type { Values } from './read-values.ts'

export interface DeployBody {
  template?: string
  queue?: string
  env: Record<string, string>
  callback?: { url: string, events?: string[], secret_ref?: string }
}

export interface Accepted {
  job_uuid: string
  state: string
  message?: string
}

/** The request may have arrived, so its answer is worth some patience. */
const PATIENCE_MS = 30_000

/**
 * Requests a job. All attempts have the same idempotency key: a job whose answer was lost is found again, and not
 * started twice. An interrupt does not end a request that may start a job; its id would be lost.
 */
export async function deployJob (
  session: Session,
  body: DeployBody,
  from: Values['from'],
  key: string = randomUUID()
): Promise<Accepted> {
  const patience = PATIENCE_MS
  const signal = new AbortController().signal
  const headers = { 'idempotency-key': JSON.stringify(key) }
  const onInterrupt = (): void => {
    session.note('Waiting for the id of the job; Ctrl-C again ends this at once.').catch(() => {})
  }
  session.interrupt.addEventListener('abort', onInterrupt)
  try {
    const job = await withPlaces(from, async () =>
      await askJson<Accepted>(session, { method: 'POST', path: '/job/deploy', body, headers, patience, signal }, 'job_uuid'))
    if (!isJobId(job.job_uuid)) throw notOfApi(session, 'the id of a job')
    await keepLastJob(session, job.job_uuid)
    return job
  } finally {
    session.interrupt.removeEventListener('abort', onInterrupt)
  }
}

/** Asks the server whether it would accept the job. */
export async function tryJob (session: Session, body: DeployBody, from: Values['from']): Promise<object> {
  return await withPlaces(from, async () =>
    await askJson<object>(session, { method: 'POST', path: '/job/deploy?dry_run=true', body }))
}

/** Adds to the errors of the server where each wrong value came from. */
async function withPlaces<T> (from: Values['from'], request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (error) {
    if (!(error instanceof Failure) || error.facts.errors === undefined) throw error
    const errors = error.facts.errors.map(({ field, message }) => {
      const place = field.startsWith('env.') ? from[field.slice(4)] : undefined
      return { field, message: place === undefined ? message : `${message} (${place})` }
    })
    throw new Failure(error.code, error.message, { ...error.facts, errors, cause: error })
  }
}
