import { createHmac, timingSafeEqual } from 'node:crypto'
import { Type } from 'typebox'
import type { JobRecord } from '../job/job-record.ts'
import { transferOf } from '../job/transfers/transfer-of.ts'

export const resultTokenSettings = {
  RESULT_TOKEN_KEY: Type.Optional(
    Type.String({ minLength: 32, description: 'Secret that signs the tokens for the results of transfers' })
  )
}

/** Distinguishes result tokens from other kinds of credentials. */
const PREFIX = 'gx4ki-result.'

/**
 * The token that gives access to the results of one job. A connector passes it on to the consumer. It depends only on
 * the key and the id, so it is not stored. It does not expire, because a consumer may pull hours later, and again; the
 * job record tells when it is revoked.
 */
export function resultToken (key: string, id: string): string {
  return PREFIX + createHmac('sha256', key).update(`results of ${id}`).digest('base64url')
}

/**
 * The result token in an `Authorization` header, if it has one. Consumers send it as a bearer token, or without
 * `Bearer`, exactly as EDC gives it to them.
 */
export function resultTokenIn (authorization: string | undefined): string | undefined {
  const token = authorization?.replace(/^Bearer +/i, '')
  return token?.startsWith(PREFIX) ? token : undefined
}

/** Whether a token is that of the results of this job. */
export function isResultToken (key: string, id: string, token: string): boolean {
  const expected = Buffer.from(resultToken(key, id))
  const given = Buffer.from(token)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** Whether the token of a job gives access now. When its transfer has ended or is suspended, it does not. */
export function opensResults (record: JobRecord): boolean {
  const transfer = transferOf(record)
  return transfer !== undefined && transfer.ended_at === undefined && transfer.suspended_at === undefined
}
