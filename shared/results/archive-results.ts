import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { JobRecord } from '../job/job-record.ts'
import { streamObject } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'
import { resultsOf, type StoredResult } from './results.ts'
import { END_OF_TAR, tarHeader, tarPadding, tarSize } from './tar-header.ts'

export interface Archive {
  /** Bytes. */
  size: number
  /** Names the bytes of the archive. */
  etag: string
  /** The bytes. They are made while they are read; none of them is kept anywhere. */
  bytes: () => Readable
}

/**
 * All result files of a job that has ended as one tar archive, in the order of their names. A file that cannot be read
 * breaks the stream off, so that half an archive is never taken for a whole one.
 */
export async function archiveResults (store: Store, record: JobRecord): Promise<Archive> {
  const results = await resultsOf(store, record)
  const mtime = new Date(record.finished_at ?? record.created_at)
  let size = END_OF_TAR.length
  // The first words name the form of the archive: another form of the same files needs another ETag.
  const digest = createHash('sha256').update(`ustar with pax ${mtime.toISOString()}`)
  for await (const result of results()) {
    size += tarSize(result)
    digest.update(`\0${result.name}\0${result.sha256}`)
  }

  async function * blocks (): AsyncGenerator<Buffer> {
    for await (const result of results()) {
      yield tarHeader({ ...result, mtime })
      yield * contentOf(store, result)
      yield tarPadding(result.size)
    }
    yield END_OF_TAR
  }

  return {
    size,
    etag: `"${digest.digest('base64url')}"`,
    bytes: () => Readable.from(blocks())
  }
}

async function * contentOf (store: Store, { name, size, key }: StoredResult): AsyncGenerator<Buffer> {
  const bytes = await streamObject(store, key)
  if (bytes === undefined) throw new Error(`a result file is gone: ${name}`)
  let sent = 0
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    sent += chunk.length
    if (sent > size) break
    yield chunk
  }
  if (sent !== size) throw new Error(`a result file does not have ${size} bytes: ${name}`)
}
