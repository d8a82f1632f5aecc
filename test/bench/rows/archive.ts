import { createHash, randomUUID } from 'node:crypto'
import { createRecord } from '../../../shared/job/record-store.ts'
import { contentKey } from '../../../shared/store/bucket-layout.ts'
import { newRecord } from '../../support/new-record.ts'
import { putResults } from '../../support/put-results.ts'
import { ask, askFirst, inFlight } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { startFunction } from '../parts/function.ts'
import type { Row } from '../row.ts'

const FILES = 1000
const FILE_BYTES = 10_000

export const archive: Row = {
  name: 'archive',
  title: 'All results in one archive',
  about: `\`GET /job/{id}/result/archive\` of ${FILES} files of 10 kB. The floor is the same files by presigned GETs, 16 in ` +
    'flight. The archive has to contain the bytes of every file, in order.',
  rounds: { quick: 2, full: 7 },
  lines: [
    { what: 'time ÷ the same GETs, 16 in flight', figure: 'wall', over: 'floor', reach: 2, then: 1.3 }
  ],
  async open (bench) {
    const { store, settings, urlToGet } = await newBucket(bench)
    const record = newRecord({ state: 'succeeded', attempt: randomUUID(), expires_at: '2099-01-01T00:00:00.000Z' })
    const place = { id: record.job_uuid, attempt: record.attempt! }
    const contents = Array.from({ length: FILES }, (_, index) =>
      createHash('shake256', { outputLength: FILE_BYTES }).update(String(index)).digest()
    )
    const files = Object.fromEntries(contents.map((content, index) => [`${String(index).padStart(4, '0')}.bin`, content]))
    await putResults(store, place, files)
    await createRecord(store, record)
    const { url } = await startFunction(bench, 'result-fetch', { settings })
    await askFirst(`${url}/job/${place.id}`, 200)
    const urls = await Promise.all(contents.map(async (content) => {
      const sha256 = createHash('sha256').update(content).digest('hex')
      return await urlToGet(contentKey(place.id, place.attempt, sha256))
    }))

    return {
      floor: async () => ({
        wall: await inFlight(FILES, 16, async (index) => {
          const { body } = await ask(urls[index]!, 200)
          if (!body.equals(contents[index]!)) throw new Error(`wrong bytes of file ${index}`)
        })
      }),
      product: async () => {
        const began = performance.now()
        const { body } = await ask(`${url}/job/${place.id}/result/archive`, 200)
        const wall = performance.now() - began
        let from = 0
        for (const [index, content] of contents.entries()) {
          from = body.indexOf(content, from)
          if (from < 0) throw new Error(`the archive lacks the bytes of file ${index}`)
        }
        return { wall }
      }
    }
  }
}
