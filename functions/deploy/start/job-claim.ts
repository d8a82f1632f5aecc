import { createHmac } from 'node:crypto'
import { problem } from '../../../shared/http/problem.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { idempotencyKey } from '../../../shared/store/bucket-layout.ts'
import { getJson } from '../../../shared/store/json-object.ts'
import { putObject, removeObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** Ties an idempotency key, or the ids of a transfer, to one job, as long as the job's record is kept. */
export interface JobClaim {
  job_uuid: string
  /** Of the request, if a different request may come with the same key. */
  fingerprint?: string | undefined
}

/** An HMAC of a text in hex. The texts of claims may be secret, so a plain hash is not enough. */
export function keyed (tokenKey: string, text: string): string {
  return createHmac('sha256', tokenKey).update(text).digest('hex')
}

/** The key of a claim object. `asked` must be equal in all requests for the same job. */
export function claimObject (tokenKey: string, asked: string): string {
  return idempotencyKey(keyed(tokenKey, asked))
}

export async function readClaim (store: Store, object: string): Promise<JobClaim | undefined> {
  return await getJson<JobClaim>(store, object)
}

/** Frees a claim if it still belongs to this job: after the job was given up, another job may have claimed it. */
export async function releaseClaim (store: Store, object: string | undefined, id: string): Promise<void> {
  if (object === undefined) return
  if ((await readClaim(store, object))?.job_uuid === id) await removeObject(store, object)
}

/** Of concurrent requests only one creates the claim object, for a new job. The others read the job id from it. */
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
      'The job of an earlier identical request is being given up or removed; send the request again'
    )
  }
  return { ...theirs, isNew: false }
}
