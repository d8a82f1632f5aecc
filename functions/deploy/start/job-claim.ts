import { createHmac } from 'node:crypto'
import { problem } from '../../../shared/http/problem.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { idempotencyKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, putObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** Ties what a job may be asked for by, again and again, to that one job, for as long as its record is kept. */
export interface JobClaim {
  job_uuid: string
  /** Of the request, where another one may come with the same key. */
  fingerprint?: string | undefined
}

/** A text as nobody can have it who has not the key: what a claim is named by, or made of, may be secret. */
export function keyed (tokenKey: string, text: string): string {
  return createHmac('sha256', tokenKey).update(text).digest('hex')
}

/** The object of a claim, by what is the same whenever the job is asked for. */
export function claimObject (tokenKey: string, asked: string): string {
  return idempotencyKey(keyed(tokenKey, asked))
}

export async function readClaim (store: Store, object: string): Promise<JobClaim | undefined> {
  const found = await getObject(store, object)
  return found && JSON.parse(found.body.toString()) as JobClaim
}

/** The object is the lock: of many at once one creates it, for a new job; the others read whose it is. */
export async function claimJob (
  store: Store,
  object: string,
  fingerprint?: string
): Promise<JobClaim & { isNew: boolean }> {
  const mine: JobClaim = { job_uuid: newJobId(), fingerprint }
  if (await putObject(store, object, JSON.stringify(mine), {}, { ifNoneMatch: '*' }) !== undefined) {
    return { ...mine, isNew: true }
  }
  const theirs = await readClaim(store, object)
  if (theirs === undefined) {
    throw problem(
      'store-unavailable',
      'The job that was asked for like this is just being given up or removed; ask again'
    )
  }
  return { ...theirs, isNew: false }
}
