import { createRecord } from '../../../shared/job/record-store.ts'
import { stateKey } from '../../../shared/store/bucket-layout.ts'
import { newRecord } from '../../support/new-record.ts'
import { apiKeys } from '../parts/api-key.ts'
import { ask, askFirst, inFlight } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { startFunction } from '../parts/function.ts'
import type { Row } from '../row.ts'

export const status: Row = {
  name: 'status',
  title: 'The state of a job',
  about: '`GET /job/{id}` of an ended job, 16 in flight. The floor is the store’s own presigned GET of the record.',
  rounds: { quick: 3, full: 9 },
  lines: [
    {
      what: 'requests/s with an API key ÷ presigned GETs/s',
      figure: 'rate',
      over: 'floor',
      better: 'more',
      reach: 0.6,
      then: 0.8
    },
    { what: 'requests/s without a key ÷ presigned GETs/s', of: 'open', figure: 'rate', over: 'floor', better: 'more' }
  ],
  async open (bench) {
    const { store, settings, urlToGet } = await newBucket(bench)
    const at = new Date().toISOString()
    const record = newRecord({ state: 'succeeded', owner: 'alice', finished_at: at, expires_at: '2099-01-01T00:00:00.000Z' })
    const id = record.job_uuid
    await createRecord(store, record)
    const { env, headersOf } = apiKeys(bench, ['alice'])
    const guarded = await startFunction(bench, 'result-fetch', { settings, env })
    const open = await startFunction(bench, 'result-fetch', { settings })
    for (const { url } of [guarded, open]) await askFirst(`${url}/health/readiness`, 200)
    const floor = await urlToGet(stateKey(id))
    const times = bench.isQuick ? 500 : 2000

    const side = (url: string, headers: Record<string, string> = {}) => async () => {
      const wall = await inFlight(times, 16, async () => {
        const { body } = await ask(url, 200, { headers })
        if (!body.toString().includes(id)) throw new Error(`not the job ${id}: ${body}`)
      })
      return { rate: times / wall * 1000 }
    }

    const sides = {
      floor: side(floor),
      product: side(`${guarded.url}/job/${id}`, headersOf('alice')),
      open: side(`${open.url}/job/${id}`)
    }
    for (const run of Object.values(sides)) await run()
    return sides
  }
}
