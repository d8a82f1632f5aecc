import { setTimeout as sleep } from 'node:timers/promises'
import { atMost } from '../../shared/flow/at-most.ts'
import type { Ask } from './ask-service.ts'
import { backOff } from './back-off.ts'
import { hashFile, type Hashed, type How } from './hash-file.ts'
import { openResult } from './open-result.ts'
import { exactly, type Grant, putContent, type Sent } from './put-content.ts'
import { readSlice } from './read-slice.ts'
import type { FoundFile } from './scan-results.ts'
import { type PartsOffer, uploadParts } from './upload-parts.ts'

/** `changed`: the file is no longer the one that was found. */
export type Outcome = Hashed | Failure
type Failure = 'changed' | { refused: string }

export interface Uploads {
  ask: Ask
  /** The digests of contents that the store has. */
  stored: Set<string>
  /** The digests of contents that a batch is just sending. */
  underWay: Set<string>
  over: AbortSignal
  log: (line: string) => void
}

type Offer = { state: 'stored' } | { state: 'granted' } & Grant | { state: 'multipart' } & PartsOffer

/** A refusal by the store may pass, but not for ever: after so many tries, some twenty seconds, it is believed. */
const TRIES = 8
/** A grant is good for five minutes: a refusal of an older one says nothing about the file. */
const GRANT_MS = 240_000

/** For all batches together. */
const reading = atMost(4)
const sending = atMost(16)

/**
 * Uploads some files as they were found, however long the service or the store are away. Only a change of a file, a
 * refusal that does not pass, or the end of the time ends that.
 */
export async function uploadBatch (
  uploads: Uploads,
  found: FoundFile[],
  how: How
): Promise<Map<FoundFile, Outcome>> {
  const outcomes = new Map<FoundFile, Outcome>()
  await Promise.all(found.map((file) => reading(async () => outcomes.set(file, await tryToHash(file, how)))))
  const failures = await sendAll(uploads, filesToSend(uploads, outcomes), how)
  for (const [file, outcome] of outcomes) {
    if (isHashed(outcome) && !uploads.stored.has(outcome.sha256)) {
      outcomes.set(file, failures.get(outcome.sha256) ?? 'changed')
    }
  }
  return outcomes
}

type ToSend = Map<FoundFile, Hashed>

/** Sends what can be sent; answers why the other contents were not, by their digests. */
async function sendAll (uploads: Uploads, toSend: ToSend, how: How): Promise<Map<string, Failure>> {
  const { stored, underWay, over } = uploads
  const failures = new Map<string, Failure>()
  let left = toSend
  try {
    for (let tried = 0; left.size > 0; tried++) {
      if (tried > 0) await sleep(backOff(tried - 1), undefined, { signal: over })
      const { mine, again } = claim(uploads, left)
      try {
        const offers = mine.length > 0 ? await offersFor(uploads, mine.map(([, hashed]) => hashed)) : []
        const askedAt = performance.now()
        await Promise.all(mine.map(([file, hashed], at) => sending(async () => {
          const sent = await send(uploads, file, hashed, offers[at]!, how)
          if (sent === 'stored') stored.add(hashed.sha256)
          else if (sent === 'again' || (typeof sent === 'object' && mayPass(tried, askedAt))) again.set(file, hashed)
          else failures.set(hashed.sha256, sent)
        })))
      } finally {
        for (const [, { sha256 }] of mine) underWay.delete(sha256)
      }
      left = again
    }
  } catch (error) {
    if (!over.aborted) throw error
  }
  return failures
}

/** What another batch is just sending waits, and most often it is stored then. */
function claim ({ stored, underWay }: Uploads, left: ToSend): { mine: [FoundFile, Hashed][], again: ToSend } {
  const mine: [FoundFile, Hashed][] = []
  const again: ToSend = new Map()
  for (const [file, hashed] of left) {
    if (stored.has(hashed.sha256)) continue
    if (underWay.has(hashed.sha256)) again.set(file, hashed)
    else mine.push([file, hashed])
  }
  for (const [, { sha256 }] of mine) underWay.add(sha256)
  return { mine, again }
}

function mayPass (tried: number, askedAt: number): boolean {
  return tried + 1 < TRIES || performance.now() - askedAt > GRANT_MS
}

async function tryToHash (file: FoundFile, how: How): Promise<Outcome> {
  try {
    return await hashFile(file, how)
  } catch (error) {
    return { refused: `it cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}` }
  }
}

function isHashed (outcome: Outcome): outcome is Hashed {
  return typeof outcome === 'object' && 'sha256' in outcome
}

/** Of files with the same bytes one is sent. */
function filesToSend ({ stored }: Uploads, outcomes: Map<FoundFile, Outcome>): ToSend {
  const contents = new Map<string, [FoundFile, Hashed]>()
  for (const [file, outcome] of outcomes) {
    if (isHashed(outcome) && !stored.has(outcome.sha256)) contents.set(outcome.sha256, [file, outcome])
  }
  return new Map(contents.values())
}

async function offersFor ({ ask }: Uploads, hashed: Hashed[]): Promise<Offer[]> {
  const { status, body } = await ask('POST', 'upload', { files: hashed.map(({ size, sha256 }) => ({ size, sha256 })) })
  if (status !== 200) throw new Error(`result-upload grants nothing: ${body.detail}`)
  return body.uploads
}

async function send (
  { ask, over, log }: Uploads,
  found: FoundFile,
  { size, sha256, bytes }: Hashed,
  offer: Offer,
  how: How
): Promise<Sent> {
  over.throwIfAborted()
  const means = { signal: over, log }
  if (offer.state === 'stored') return 'stored'
  if (offer.state === 'granted' && bytes !== undefined) return await putContent(bytes, offer, means)
  const file = await openResult(found, how)
  if (file === undefined) return 'changed'
  try {
    return offer.state === 'multipart'
      ? await uploadParts(ask, { file, size, sha256 }, offer, means)
      : await putContent(exactly(size, readSlice(file, { start: 0, size })), offer, means)
  } finally {
    await file.close()
  }
}
