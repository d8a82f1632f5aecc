import { hash } from 'node:crypto'

/**
 * Where every object lies in the bucket. All keys are made of ids (UUIDs), digests (lower-case hex), times and numbers:
 * the name of a result file is never part of a key. So no name can be too long for the store, collide with another
 * name, or change the order of a listing.
 *
 * No key begins with the name of a folder of another key and a character before `/`, as `a.json` does beside `a/b`:
 * MinIO may end a listing early there, once it has forgotten the cursor. No part of a key ends with `.versions`:
 * SeaweedFS never lists what lies below.
 */
export const stateKey = (id: string): string => `state/${id}.json`
/**
 * Stands as long as a job is not terminal or something is still owed; the ping walks through these. It is empty until
 * nothing but callbacks is left.
 */
export const markerKey = (id: string): string => `open/${id}`
/**
 * Says that a job counts towards the limit of its owner: from before it has a record until it has ended. There are such
 * keys only for owners that have a limit.
 */
export const countedKey = (owner: string | undefined, id: string): string => countedPrefix(owner) + id
export const countedPrefix = (owner = ''): string => `counted/${digestOf(owner)}/`
export const idempotencyKey = (digest: string): string => `idempotency/${digest}.json`
/** The contents of the result files of all attempts. */
export const resultsPrefix = (id: string): string => `results/${id}/`
export const attemptPrefix = (id: string, attempt: string): string => `results/${id}/${attempt}/`
/** The content of one or more result files of an attempt. Which names it has is in the journal and in the manifest. */
export const contentKey = (id: string, attempt: string, sha256: string): string => attemptPrefix(id, attempt) + sha256
/** What `result-upload` notes of all attempts. */
export const uploadsPrefix = (id: string): string => `uploads/${id}/`
/** The files of an attempt that are stored so far: the head of the list, and its full pages. */
export const journalKey = (id: string, attempt: string): string => `uploads/${id}/${attempt}/journal.json`
export const journalPageKey = (id: string, attempt: string, page: number): string =>
  `uploads/${id}/${attempt}/journal-pages/${page}.json`
/** All files of an attempt, in order, once its uploader has said that it is done; the pages after the first one. */
export const manifestKey = (id: string, attempt: string): string => `uploads/${id}/${attempt}/manifest.json`
export const manifestPageKey = (id: string, attempt: string, page: number): string =>
  `uploads/${id}/${attempt}/manifest-pages/${page}.json`
/** How far the workload is, as its newest attempt has reported it. */
export const progressKey = (id: string): string => `uploads/${id}/progress.json`
/** The note of a large upload that is under way, so that it can go on where it stopped. */
export const multipartKey = (id: string, attempt: string, sha256: string): string =>
  `uploads/${id}/${attempt}/multipart/${sha256}.json`
export const logKey = (id: string): string => `logs/${id}.txt`
/**
 * Says that a job may be due for removal at a time (RFC 3339, UTC, milliseconds). The keys are in the order of time, so
 * the ping finds what is due and looks no further. It is put before the record names the time. It is removed after all
 * other objects of the job, or when it is due and the record names a later time.
 */
export const expiryKey = (at: string, id: string): string => `expiry/${at}/${id}`
/** What the pings of a function have found, so that they need not look again at what has not changed: ping-notes.ts. */
export const pingNotesKey = (name: string): string => `pings/${name}.json`
/**
 * Names a job in a list: of all jobs that ended in a state, of all jobs of an owner, and of those of the owner that
 * ended in a state. It is put before the record says the same, and says only where to look. It is empty.
 */
export const stateListPrefix = (state: string): string => `lists/ended/${state}/`
export const stateListKey = (state: string, id: string): string => stateListPrefix(state) + id
export const ownerListPrefix = (owner: string, state: string): string => `lists/owner/${digestOf(owner)}/${state}/`
export const ownerListKey = (owner: string, state: string, id: string): string => ownerListPrefix(owner, state) + id
/** The list of the jobs of an owner in any state. */
export const ANY_STATE = 'any'
/** How far back the lists reach: listed-until.ts. */
export const LISTED_UNTIL_KEY = 'lists/until.json'
/** In the order of time, too. */
export const deadLetterKey = (at: string, digest: string): string => `dead-letter/${at}-${digest}.json`

export const STATE_PREFIX = 'state/'
export const MARKER_PREFIX = 'open/'
export const COUNTED_PREFIX = 'counted/'
export const EXPIRY_PREFIX = 'expiry/'
export const IDEMPOTENCY_PREFIX = 'idempotency/'
export const RESULTS_PREFIX = 'results/'
export const UPLOADS_PREFIX = 'uploads/'
export const LOGS_PREFIX = 'logs/'
export const PING_PREFIX = 'pings/'
export const LISTS_PREFIX = 'lists/'
export const DEAD_LETTER_PREFIX = 'dead-letter/'
/** Where `make doctor` tries the store; it removes these objects again. */
export const DOCTOR_PREFIX = 'doctor/'

/** The id in a key of `state/`, `open/`, `counted/`, `expiry/` or `lists/`. */
export const jobOfKey = (key: string): string => key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, '')

/** Owners may have characters that no key should have. */
function digestOf (owner: string): string {
  return hash('sha256', owner, 'hex')
}
