import t from 'tap'
import { countJobs } from '../../../functions/result-fetch/count-jobs.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { hideRecord, readRecord } from '../../../shared/job/record-store.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { problemOf } from '../../support/problem-of.ts'
import { scrape } from '../../support/scrape.ts'
import { testStore } from '../../support/store.ts'

await t.test('jobs are counted by the template and state of their records', async (t) => {
  const store = await testStore(t)
  const { url, create } = await fetchServer(t, store)
  const empty = await scrape(url, '/metrics/jobs')
  t.equal(empty('gx4ki_jobs_complete'), 1)
  const first = Date.now()
  for (
    const [i, [template, state]]
    of ([['drive', 'running'], ['drive', 'running'], ['drive', 'failed'], ['other', 'running']] as const).entries()
  ) {
    await create({ job_uuid: newJobId(new Date(first + i)), template, state })
  }
  const hidden = await create({ template: 'drive', state: 'failed' })
  await hideRecord(store, (await readRecord(store, hidden.job_uuid))!)

  const count = await scrape(url, '/metrics/jobs')
  t.equal(count('gx4ki_jobs', { template: 'drive', state: 'running' }), 2)
  t.equal(count('gx4ki_jobs', { template: 'drive', state: 'failed' }), 1, 'a job that is being removed is not counted')
  t.equal(count('gx4ki_jobs', { template: 'other', state: 'running' }), 1)
  t.equal(count('gx4ki_jobs_complete'), 1)

  const all = await (await countJobs(store)).metrics()
  t.equal([...all.matchAll(/^gx4ki_jobs\{/gm)].length, 3, 'there are no other series')
  const text = await (await countJobs(store, { jobs: 2, seconds: 60 })).metrics()
  t.match(text, /^gx4ki_jobs_complete 0$/m, 'the count is marked as incomplete')
  t.match(text, /^gx4ki_jobs\{template="other",state="running"\} 1$/m, 'the newest jobs are counted')
  t.match(
    await (await countJobs(store, { jobs: 5, seconds: 60 })).metrics(),
    /^gx4ki_jobs_complete 1$/m,
    'a complete count is not marked as incomplete'
  )
  t.match(
    await (await countJobs(store, { jobs: 100, seconds: -1 })).metrics(),
    /^gx4ki_jobs_complete 0$/m,
    'the time limit stops the count'
  )
})

await t.test('without a store, the answer is 503 instead of a wrong number', async (t) => {
  const { settings } = await testStore(t)
  const { url } = await fetchServer(t, openStore({ ...settings, S3_ENDPOINT: await closedUrl() }))
  const before = await scrape(url)
  await problemOf(t, await fetch(`${url}/metrics/jobs`), 503, 'store-unavailable')
  const after = await scrape(url)
  const labels = { operation: 'ListObjectsV2', status: 'none' }
  t.equal(after('gx4ki_store_errors_total', labels) - before('gx4ki_store_errors_total', labels), 1)
})
