import { createHmac, timingSafeEqual } from 'node:crypto'
import { Type } from 'typebox'
import type { JobRecord } from '../job/job-record.ts'
import { transferOf } from '../job/transfer-of.ts'

export const resultTokenSettings = {
  RESULT_TOKEN_KEY: Type.Optional(
    Type.String({ minLength: 32, description: 'Secret that the tokens for the results of a transfer are made with' })
  )
}

/** So that it is known among other kinds of credentials. */
const PREFIX = 'gx4ki-result.'

/**
 * What opens the results of one job to whoever a connector hands it on to. It follows from key and id alone, so nobody
 * has to keep it, and it does not run out by itself: a consumer may pull hours later, and again. The record says when
 * it opens nothing any more.
 */
export function resultToken (key: string, id: string): string {
  return PREFIX + createHmac('sha256', key).update(`results of ${id}`).digest('base64url')
}

/**
 * The one that an `Authorization` header shows, if it is one of these: as a bearer token, or bare, as consumers show
 * what EDC hands them.
 */
export function resultTokenIn (authorization: string | undefined): string | undefined {
  const token = authorization?.replace(/^Bearer +/i, '')
  return token?.startsWith(PREFIX) ? token : undefined
}

/** `revoked`: the token is the job's, and its transfer has ended or is suspended. */
export function judgeResultToken (key: string, record: JobRecord, token: string): 'valid' | 'revoked' | 'wrong' {
  const expected = Buffer.from(resultToken(key, record.job_uuid))
  const given = Buffer.from(token)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'wrong'
  const transfer = transferOf(record)
  return transfer === undefined || transfer.ended_at !== undefined || transfer.suspended_at !== undefined
    ? 'revoked'
    : 'valid'
}
