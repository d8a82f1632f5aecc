import t from 'tap'
import type { JobPage } from '../../../functions/result-fetch/list-jobs.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { type State, states } from '../../../shared/job/job-state.ts'
import { hideRecord, readRecord } from '../../../shared/job/record-store.ts'
import { putObject } from '../../../shared/store/object-store.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { problemAbout } from '../../support/problem-of.ts'
import { testStore } from '../../support/store.ts'

const COUNT = 25
const first = Date.parse('2026-11-22T12:00:00.000Z')

await t.test('the list of jobs', async (t) => {
  const store = await testStore(t)
  const { url, create } = await fetchServer(t, store)
  const state = (i: number): State => states[i % states.length]!
  const template = (i: number): string => i % 5 === 0 ? 'drive' : 'other'
  const records = await Promise.all(
    Array.from({ length: COUNT }, async (_, i) =>
      await create({ job_uuid: newJobId(new Date(first + i)), state: state(i), template: template(i) }))
  )
  const newestFirst = records.map(({ job_uuid: id }) => id).reverse()

  const list = async (query: string): Promise<JobPage> => {
    const response = await fetch(`${url}/job?${query}`)
    t.equal(response.status, 200, query)
    return await response.json() as JobPage
  }
  /** The ids on each page, from the first to the last. */
  const pages = async (query: string): Promise<string[][]> => {
    const found: string[][] = []
    for (let cursor: string | null = ''; cursor !== null && found.length < 30;) {
      const page: JobPage = await list(`${query}${cursor && `&cursor=${cursor}`}`)
      found.push(page.jobs.map(({ job_uuid: id }) => id))
      cursor = page.next_cursor
    }
    return found
  }
  const only = (matches: (i: number) => boolean): string[] => newestFirst.filter((_, i) => matches(COUNT - 1 - i))

  await t.test('is sorted newest first, in pages', async (t) => {
    t.same(await pages(''), [newestFirst])
    t.same(await pages('limit=10'), [newestFirst.slice(0, 10), newestFirst.slice(10, 20), newestFirst.slice(20)])
    t.same(
      await pages('limit=5'),
      [0, 5, 10, 15, 20].map((from) => newestFirst.slice(from, from + 5)),
      'without an empty page at the end'
    )
    t.same(await pages(`limit=${COUNT}`), [newestFirst])
    t.same((await list('limit=1')).next_cursor, newestFirst[0])
  })

  await t.test('can be filtered by state and template', async (t) => {
    for (const one of states) t.same(await pages(`state=${one}`), [only((i) => state(i) === one)], one)
    t.same(await pages('template=drive'), [only((i) => template(i) === 'drive')])
    t.same(await pages('template=drive&state=accepted'), [only((i) => i % 35 === 0)])
    t.same(await pages('template=none'), [[]])
    t.same((await pages('template=other&limit=7')).flat(), only((i) => template(i) === 'other'))
    t.same(
      (await pages('template=drive&limit=5')).flat(),
      only((i) => template(i) === 'drive'),
      'a page that is exactly full'
    )
  })

  await t.test('continues after a job that was removed', async (t) => {
    const between = newJobId(new Date(first + 9))
    const { jobs } = await list(`cursor=${between}&limit=2`)
    t.ok(jobs[0]!.job_uuid > between)
    t.ok([newestFirst[15], newestFirst[16]].includes(jobs[0]!.job_uuid))
    t.same(
      await list(`cursor=${newJobId(new Date(0))}`),
      { jobs: [], next_cursor: null },
      'the page after the last job is empty'
    )
  })

  await t.test('has the same data as the single jobs', async (t) => {
    const full = await create({
      job_uuid: newJobId(new Date(first + 1000)),
      state: 'failed',
      template: 'drive',
      reason: 'OOMKilled',
      exit_code: 137,
      started_at: '2026-11-22T12:00:02.000Z',
      finished_at: '2026-11-22T12:00:03.000Z',
      expires_at: '2026-12-22T12:00:03.000Z',
      env: { A: '1' }
    })
    const [listed, next] = (await list('limit=2')).jobs
    const { env, history, message, results, ...view } = await (await fetch(`${url}/job/${full.job_uuid}`)).json() as Record<
      string,
      unknown
    >
    t.same(listed, view)
    t.match(
      next,
      { reason: null, started_at: null, finished_at: null, exit_code: null, expires_at: null },
      'null for absent values'
    )
  })

  await t.test('contains only jobs', async (t) => {
    const before = await list('')
    await putObject(store, 'state/notes.txt', 'no job', { state: 'running' }, 'unconditional')
    await putObject(store, `state/${newJobId()}.json`, 'no tags', {}, 'unconditional')
    const { job_uuid: removed } = await create({ state: 'succeeded' })
    await hideRecord(store, (await readRecord(store, removed))!)
    t.same(await list(''), before)
    t.same((await pages('limit=1')).flat(), before.jobs.map(({ job_uuid: id }) => id))
  })

  await t.test('rejects invalid and unknown parameters', async (t) => {
    for (
      const [field, query] of [
        ['limit', 'limit=0'],
        ['limit', 'limit=1001'],
        ['limit', 'limit=1.5'],
        ['limit', 'limit=Infinity'],
        ['limit', 'limit=ten'],
        ['limit', 'limit='],
        ['limit', 'limit=1&limit=2'],
        ['state', 'state=done'],
        ['state', 'state='],
        ['template', 'template='],
        ['template', `template=${'x'.repeat(64)}`],
        ['cursor', 'cursor='],
        ['cursor', 'cursor=x'],
        ['cursor', `cursor=${newestFirst[0]!.toUpperCase()}`],
        ['cursor', 'cursor=../open'],
        ['sort', 'sort=name']
      ] as const
    ) await problemAbout(t, await fetch(`${url}/job?${query}`), field)
  })
})

await t.test('the list is empty without jobs', async (t) => {
  const { url } = await fetchServer(t, await testStore(t))
  t.same(await (await fetch(`${url}/job`)).json(), { jobs: [], next_cursor: null })
})
