import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { JobRecord } from '../job/job-record.ts'
import { streamObject } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'
import { findResult, listResults } from './results.ts'

/**
 * All result files of a job as one tar archive, in the order of their names, made as it is read: no byte of it is kept
 * anywhere. A file that cannot be read breaks the stream off, so that nobody takes half an archive for a whole one.
 */
export async function archiveResults (store: Store, record: JobRecord): Promise<Readable> {
  // For those who ask for it alone.
  const { pack: newPack } = await import('tar-stream')
  const pack = newPack()
  const end = new Date(record.finished_at ?? record.created_at)

  async function write (): Promise<void> {
    for (let after: string | undefined, more = true; more;) {
      const page = await listResults(store, record, { limit: 1000, ...(after !== undefined && { after }) })
      for (const { name } of page.files) await add(name)
      after = page.files.at(-1)?.name
      more = page.more
    }
    pack.finalize()
  }

  async function add (name: string): Promise<void> {
    const result = await findResult(store, record, name)
    const bytes = result && await streamObject(store, result.key, result.etag)
    if (result === undefined || bytes === undefined) throw new Error(`a result file is gone: ${name}`)
    await pipeline(bytes, pack.entry({ name, size: result.size, mtime: end, mode: 0o644 }))
  }

  write().catch((error: Error) => pack.destroy(error))
  // Its streams are no streams of Node's, which http wants.
  return Readable.from(pack as AsyncIterable<Buffer>)
}
