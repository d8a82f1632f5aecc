import { ask, LONG_MS } from '../api/ask.ts'
import { bodyOf } from '../api/body-of.ts'
import { networkReason } from '../api/network-reason.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import type { PartFile } from './part-file.ts'

export interface Content {
  /** Below the address of the API. */
  path: string
  size: number
  sha256: string
}

/** How often in a row an answer may break off without a single byte. */
const MOST_FRUITLESS = 5

/**
 * Fetches what is missing of a content into its part, and compares the whole with the sha256. A connection that breaks
 * is continued where it was. `passed` hears of each byte that counts, also those that were there already; fewer than
 * none when it begins again.
 */
export async function fetchContent (
  session: Session,
  content: Content,
  part: PartFile,
  passed: (bytes: number) => void
): Promise<void> {
  passed(part.size)
  for (let isSecond = false; ; isSecond = true) {
    if (part.size > content.size) await restart(part, passed)
    for (let fruitless = 0; part.size < content.size;) {
      const before = part.size
      const cut = await fetchRest(session, content, part, passed)
      // Each request has its own patience for the answer to begin. Here it began, and broke off.
      fruitless = part.size > before ? 0 : fruitless + 1
      if (cut !== undefined && fruitless > MOST_FRUITLESS) throw cut
      if (cut !== undefined) await session.sleep(fruitless * 300, session.interrupt)
    }
    if (part.digest() === content.sha256) return
    // An earlier process may have left wrong bytes, so the whole is fetched once more.
    if (isSecond) {
      throw new Failure(EXIT.incomplete, 'the bytes do not have the sha256 of the list', { type: 'urn:gx4ki:cli:sha256' })
    }
    await restart(part, passed)
  }
}

/** Returns why the bytes broke off, if they did. */
async function fetchRest (
  session: Session,
  { path, size, sha256 }: Content,
  part: PartFile,
  passed: (bytes: number) => void
): Promise<Failure | undefined> {
  const etag = `"${sha256}"`
  const at = part.size
  const answer = await ask(session, {
    path,
    headers: {
      accept: '*/*',
      // The bytes as they are: a proxy that compresses them could not continue anywhere.
      'accept-encoding': 'identity',
      'if-match': etag,
      ...(at > 0 && { range: `bytes=${at}-`, 'if-range': etag })
    },
    patience: LONG_MS
  })
  if (at > 0 && !continues(answer, at, size)) await restart(part, passed)
  try {
    for await (const chunk of bodyOf(answer)) {
      if (part.size + chunk.length > size) {
        throw new Failure(EXIT.incomplete, `the server sends more than the ${size} bytes of the list`)
      }
      await part.append(chunk)
      passed(chunk.length)
    }
    return part.size < size ? new Failure(EXIT.incomplete, 'the server has sent too few bytes') : undefined
  } catch (error) {
    session.interrupt.throwIfAborted()
    const { reason, isTemporary } = networkReason(error)
    if (error instanceof Failure || !isTemporary) throw error
    return new Failure(EXIT.incomplete, `the download broke off: ${reason}`, { cause: error })
  }
}

/** Whether the answer is the rest of the content from a byte on. Otherwise it is all of it. */
function continues (answer: Response, at: number, size: number): boolean {
  if (answer.status !== 206) return false
  if (answer.headers.get('content-range') === `bytes ${at}-${size - 1}/${size}`) return true
  throw new Failure(EXIT.incomplete, 'the server has answered with another range than it was asked for')
}

async function restart (part: PartFile, passed: (bytes: number) => void): Promise<void> {
  passed(-part.size)
  await part.clear()
}
