/**
 * Where everything lies in the bucket. Ids are UUIDs and digests hex, so only a result's name can hold
 * anything else, and it comes last.
 */
export const stateKey = (id: string): string => `state/${id}.json`
/** Stands as long as a job is not terminal or something is still owed; what the ping walks through. */
export const markerKey = (id: string): string => `open/${id}`
export const idempotencyKey = (digest: string): string => `idempotency/${digest}.json`
export const attemptPrefix = (id: string, attempt: string): string => `results/${id}/${attempt}/`
export const resultKey = (id: string, attempt: string, name: string): string => attemptPrefix(id, attempt) + name
/** What the uploader of an attempt said when all was up; written by `result-upload`. */
export const manifestKey = (id: string, attempt: string): string => `uploads/${id}/${attempt}/manifest.json`
/** The note of a large upload that is under way, so that it can go on where it stopped. */
export const multipartKey = (id: string, attempt: string, digest: string): string => `uploads/${id}/${attempt}/multipart/${digest}.json`
export const logKey = (id: string): string => `logs/${id}.txt`
export const deadLetterKey = (at: string, digest: string): string => `dead-letter/${at}-${digest}.json`

export const STATE_PREFIX = 'state/'
export const MARKER_PREFIX = 'open/'

/** The id in a key of `state/` or `open/`. */
export const jobOfKey = (key: string): string => key.slice(key.indexOf('/') + 1).replace(/\.json$/, '')
