import { ALL_JOBS, writeListedUntil } from '../../../shared/job/lists/listed-until.ts'
import { newRecord } from '../../support/new-record.ts'
import { apiKeys } from '../parts/api-key.ts'
import { ask, inFlight } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { listedRecord } from '../parts/listed-record.ts'
import { startStub } from '../parts/stub.ts'
import { countTo } from '../parts/wire.ts'
import { startWired } from '../parts/wired.ts'
import type { Row } from '../row.ts'

export const lists: Row = {
  name: 'lists',
  title: 'Lists of jobs',
  about: 'A caller with one job among 20,000 of another caller (a quick run: 3,000) asks for its jobs; the other one asks ' +
    'for its failed jobs, of which there are 5. Both follow `next_cursor` to the end.',
  rounds: { quick: 1, full: 2 },
  lines: [
    { what: 'jobs of an owner: requests to the store', of: 'owner', figure: 'store', reach: 3, then: 2 },
    { what: 'jobs of an owner: requests of the caller', of: 'owner', figure: 'calls', reach: 1 },
    {
      what: 'failed jobs: requests to the store',
      of: 'failed',
      figure: 'store',
      reach: 3,
      then: 2,
      because: 'the list names 5 jobs, and the tags of each are a request of their own, all at once. No store has the ' +
        'tags of several objects in one answer except MinIO in a listing, which has those of all jobs between them, too'
    },
    { what: 'failed jobs: requests of the caller', of: 'failed', figure: 'calls', reach: 1 }
  ],
  async open (bench) {
    const { store, settings } = await newBucket(bench)
    const stub = await startStub(bench)
    const { env, headersOf } = apiKeys(bench, ['alice', 'bob'])
    const at = '2026-01-01T12:00:00.000Z'
    const ended = { started_at: at, finished_at: at, expires_at: '2099-01-01T00:00:00.000Z' }
    const failed = { ...ended, state: 'failed' as const, reason: 'DeadlineExceeded' }
    await writeListedUntil(store, ALL_JOBS)
    // The oldest jobs are the last ones in a list.
    await listedRecord(store, newRecord({ ...ended, state: 'succeeded', owner: 'alice' }))
    for (let made = 0; made < 5; made++) await listedRecord(store, newRecord({ ...failed, owner: 'bob' }))
    await inFlight(bench.isQuick ? 3000 : 20_000, 32, async () => {
      await listedRecord(store, newRecord({ ...ended, state: 'succeeded', owner: 'bob' }))
    })
    const { url, during } = await startWired(bench, 'result-fetch', settings, stub, { env })

    const side = (owner: string, query: string, expected: number) => async () => {
      let calls = 0
      let found = 0
      const seen = await during(async () => {
        for (let cursor: string | null = ''; cursor !== null;) {
          const path = `/job?limit=100${query}${cursor && `&cursor=${cursor}`}`
          const { body } = await ask(url + path, 200, { headers: headersOf(owner) })
          const page = JSON.parse(body.toString()) as { jobs: object[], next_cursor: string | null }
          calls++
          found += page.jobs.length
          cursor = page.next_cursor
        }
      })
      if (found !== expected) throw new Error(`${found} jobs instead of ${expected}`)
      return { store: countTo('store', seen), calls }
    }
    return { owner: side('alice', '', 1), failed: side('bob', '&state=failed', 5) }
  }
}
