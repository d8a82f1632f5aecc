import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { JobRecord } from '../job/job-record.ts'
import { streamObject } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'
import { allResults, type StoredResult } from './results.ts'

/**
 * All result files of a job as one tar archive, in the order of their names. It is made while it is read; no byte of it
 * is kept anywhere. A file that cannot be read breaks the stream off, so that half an archive is never taken for a
 * whole one.
 */
export async function archiveResults (store: Store, record: JobRecord): Promise<Readable> {
  // Only requests for archives need it.
  const { pack: newPack } = await import('tar-stream')
  const pack = newPack()
  const end = new Date(record.finished_at ?? record.created_at)

  async function write (): Promise<void> {
    for await (const result of allResults(store, record)) await add(result)
    pack.finalize()
  }

  async function add ({ name, size, key }: StoredResult): Promise<void> {
    const bytes = await streamObject(store, key)
    if (bytes === undefined) throw new Error(`a result file is gone: ${name}`)
    await pipeline(bytes, pack.entry({ name, size, mtime: end, mode: 0o644 }))
  }

  write().catch((error: Error) => pack.destroy(error))
  // Its streams are no streams of Node's, which http wants.
  return Readable.from(pack as AsyncIterable<Buffer>)
}
