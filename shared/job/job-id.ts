import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'

const LATEST = 2 ** 48 - 1

/** RFC 9562 UUIDv8 in lower case, the only accepted form of a job id. */
const PATTERN = '^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
const shape = new RegExp(PATTERN)

export const JobId = Type.String({
  pattern: PATTERN,
  'x-message': 'must be the id of a job',
  description: 'The id of a job: a UUIDv8 (RFC 9562) that sorts newest first'
})

/**
 * A UUIDv8 that begins with the inverted time in milliseconds. An S3 store lists in key order only, so a plain listing
 * is newest first.
 */
export function newJobId (now: Date = new Date()): string {
  // What follows the time and the version is that of a random UUID.
  return `${idsBefore(now)}-8${randomUUID().slice('xxxxxxxx-xxxx-4'.length)}`
}

/** The begin of the ids of this time. It sorts after the ids of all later times, and before those of earlier ones. */
export function idsBefore (at: Date): string {
  const hex = (LATEST - at.getTime()).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** Sorts after this id, also with `.json` behind it, and before every later id. */
export const justAfter = (id: string): string => `${id}~`

export function isJobId (text: string): boolean {
  return shape.test(text)
}

/** The time when a job was created, read from its id. */
export function createdAt (id: string): Date {
  return new Date(LATEST - parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
}
