import { createHmac, timingSafeEqual } from 'node:crypto'
import { Type } from 'typebox'

export const tokenSettings = {
  JOB_TOKEN_KEY: Type.String({ minLength: 32, description: 'Secret that signs the tokens of jobs' })
}

/**
 * The token that a job's uploader sends. It depends only on the key and the id: a process that finishes an interrupted
 * deploy makes the same token, and the token is not stored. `result-upload` refuses it after the end of the job.
 */
export function jobToken (key: string, id: string): string {
  return createHmac('sha256', key).update(`uploader ${id}`).digest('base64url')
}

export function isJobToken (key: string, id: string, token: string): boolean {
  const expected = Buffer.from(jobToken(key, id))
  const given = Buffer.from(token)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
