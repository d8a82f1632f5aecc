import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { ahead } from '../../flow/ahead.ts'
import type { JobRecord } from '../../job/job-record.ts'
import type { OpenContent } from '../../store/content-reader.ts'
import { getObject, streamObject } from '../../store/object-store.ts'
import type { Store } from '../../store/open-store.ts'
import { resultsOf, type StoredResult } from '../results.ts'
import { type ArchiveForm, SMALL_FILE } from './archive-form.ts'
import { tar } from './tar.ts'

export interface Archive {
  /** Bytes. */
  size: number
  /** Names the bytes of the archive. */
  etag: string
  /** The bytes. They are made while they are read; none of them is kept anywhere. */
  bytes: () => Readable
  /** Writes the bytes to an answer, and leaves its end to the caller. */
  writeTo: (openContent: OpenContent, answer: ServerResponse) => Promise<void>
}

/** A file that is too large to be held: its bytes come next. `see` gets them all. */
interface LargeFile {
  file: StoredResult
  see: ((bytes: Buffer) => void) | undefined
}

/** Small files are read ahead, so that an archive of many does not wait for each of them. */
const READ_AHEAD = {
  most: 16,
  bytes: 4 * 2 ** 20,
  sizeOf: ({ size }: StoredResult) => size > SMALL_FILE ? 0 : size
}

/**
 * All result files of a job that has ended as one archive, in the order of their names. A file that cannot be read
 * breaks the stream off, so that half an archive is never taken for a whole one.
 */
export async function archiveResults (store: Store, record: JobRecord, form: ArchiveForm = tar): Promise<Archive> {
  const results = await resultsOf(store, record)
  const mtime = new Date(record.finished_at ?? record.created_at)
  const digest = createHash('sha256').update(`${form.version} ${mtime.toISOString()}`)
  const { add, total } = form.measure()
  let files = 0
  for await (const result of results()) {
    add(result)
    files++
    digest.update(`\0${result.name}\0${result.sha256}`)
  }

  async function * parts (): AsyncGenerator<Buffer | LargeFile> {
    const crcs = new Uint32Array(files)
    let at = 0
    const read = ahead(results(), READ_AHEAD, async (file) => ({ file, bytes: await smallFile(store, file) }))
    for await (const { file, bytes } of read) {
      let crc = 0
      if (bytes !== undefined) {
        if (form.hasCrcs) crc = crc32(bytes)
        yield Buffer.concat([form.before(file, mtime, crc), bytes, form.after(file, crc)])
      } else {
        yield form.before(file, mtime, undefined)
        const see = (bytes: Buffer): void => {
          crc = crc32(bytes, crc)
        }
        yield { file, see: form.hasCrcs ? see : undefined }
        yield form.after(file, crc)
      }
      crcs[at++] = crc
    }
    yield * form.end(results(), mtime, crcs)
  }

  return {
    size: total(),
    etag: `"${digest.digest('base64url')}"`,
    bytes: () => Readable.from(bytesOf(store, parts())),
    async writeTo (openContent, answer) {
      for await (const part of parts()) {
        if (Buffer.isBuffer(part)) {
          if (part.length > 0) await write(answer, part)
          continue
        }
        const content = await openContent(part.file.key, part.file.size)
        if (content === undefined) throw gone(part.file)
        await content.copyTo(answer, part.see)
      }
    }
  }
}

/** The bytes of a small file; `undefined` for a large one. */
async function smallFile (store: Store, file: StoredResult): Promise<Buffer | undefined> {
  if (file.size > SMALL_FILE) return undefined
  const bytes = (await getObject(store, file.key))?.body
  if (bytes === undefined) throw gone(file)
  if (bytes.length !== file.size) throw wrongSize(file)
  return bytes
}

async function * bytesOf (store: Store, parts: AsyncIterable<Buffer | LargeFile>): AsyncGenerator<Buffer> {
  for await (const part of parts) {
    if (!('file' in part)) {
      yield part
      continue
    }
    const bytes = await streamObject(store, part.file.key)
    if (bytes === undefined) throw gone(part.file)
    let sent = 0
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      sent += chunk.length
      if (sent > part.file.size) break
      part.see?.(chunk)
      yield chunk
    }
    if (sent !== part.file.size) throw wrongSize(part.file)
  }
}

async function write (answer: ServerResponse, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => answer.write(bytes, (error) => error ? reject(error) : resolve()))
}

function gone ({ name }: StoredResult): Error {
  return new Error(`a result file is gone: ${name}`)
}

function wrongSize ({ name, size }: StoredResult): Error {
  return new Error(`a result file does not have ${size} bytes: ${name}`)
}
