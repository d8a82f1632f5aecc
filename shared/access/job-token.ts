import { createHmac, timingSafeEqual } from 'node:crypto'
import { Type } from 'typebox'

export const tokenSettings = {
  JOB_TOKEN_KEY: Type.String({ minLength: 32, description: 'Secret that the tokens of jobs are made with' })
}

/**
 * The token that a job's uploader shows. It follows from the key and the id alone, so whoever finishes a deploy that
 * was cut off makes the same one, and nobody has to keep it. That it opens nothing after the job's end is
 * `result-upload`'s to check.
 */
export function jobToken (key: string, id: string): string {
  return createHmac('sha256', key).update(`uploader ${id}`).digest('base64url')
}

export function isJobToken (key: string, id: string, token: string): boolean {
  const expected = Buffer.from(jobToken(key, id))
  const given = Buffer.from(token)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
