/**
 * Where everything lies in the bucket. Ids are UUIDs and digests hex, so only a result's name can hold
 * anything else, and it comes last.
 */
export const stateKey = (id: string): string => `state/${id}.json`
/**
 * Stands as long as a job is not terminal or something is still owed; what the ping walks through. It is empty until
 * nothing but callbacks is left.
 */
export const markerKey = (id: string): string => `open/${id}`
export const idempotencyKey = (digest: string): string => `idempotency/${digest}.json`
/** The results of all attempts. */
export const resultsPrefix = (id: string): string => `results/${id}/`
export const attemptPrefix = (id: string, attempt: string): string => `results/${id}/${attempt}/`
export const resultKey = (id: string, attempt: string, name: string): string => attemptPrefix(id, attempt) + name
/** What `result-upload` notes of all attempts. */
export const uploadsPrefix = (id: string): string => `uploads/${id}/`
/** What the uploader of an attempt said when all was up; written by `result-upload`. */
export const manifestKey = (id: string, attempt: string): string => `uploads/${id}/${attempt}/manifest.json`
/** The note of a large upload that is under way, so that it can go on where it stopped. */
export const multipartKey = (id: string, attempt: string, digest: string): string =>
  `uploads/${id}/${attempt}/multipart/${digest}.json`
export const logKey = (id: string): string => `logs/${id}.txt`
/**
 * That a job may be due for removal at a time (RFC 3339, UTC, milliseconds): in the order of time, so that the ping
 * finds what is due and looks no further. Put before the record says so, removed after all else of the job, or when it
 * is due and the record names a later time.
 */
export const expiryKey = (at: string, id: string): string => `expiry/${at}/${id}`
/** In the order of time, too. */
export const deadLetterKey = (at: string, digest: string): string => `dead-letter/${at}-${digest}.json`

export const STATE_PREFIX = 'state/'
export const MARKER_PREFIX = 'open/'
export const EXPIRY_PREFIX = 'expiry/'
export const IDEMPOTENCY_PREFIX = 'idempotency/'
export const RESULTS_PREFIX = 'results/'
export const UPLOADS_PREFIX = 'uploads/'
export const LOGS_PREFIX = 'logs/'
export const DEAD_LETTER_PREFIX = 'dead-letter/'
/** What `make doctor` tries the store with, and removes again. */
export const DOCTOR_PREFIX = 'doctor/'

/** The id in a key of `state/`, `open/` or `expiry/`. */
export const jobOfKey = (key: string): string => key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, '')
