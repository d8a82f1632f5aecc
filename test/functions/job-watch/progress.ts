import t from 'tap'
import { advance } from '../../../shared/job/advance.ts'
import { advanceRecord, createRecord } from '../../../shared/job/record-store.ts'
import { writeProgress } from '../../../shared/results/progress-note.ts'
import { clusterAt } from '../../support/cluster-at.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { newRecord } from '../../support/new-record.ts'
import { readEvents } from '../../support/read-events.ts'
import { testStore } from '../../support/store.ts'
import { uploadServer } from '../../support/upload-server.ts'
import { watchServer } from '../../support/watch-server.ts'

const attempt = '11111111-1111-4111-8111-111111111111'
const at = '2026-11-22T12:00:00.000Z'

await t.test('the progress of a running job is in its document, in the list and in the stream', async (t) => {
  const store = await testStore(t)
  const { url } = await fetchServer(t, store)
  const watch = await watchServer(t, { store, cluster: clusterAt(t, await closedUrl()) })
  const record = newRecord({ state: 'running', attempt })
  const { job_uuid: id } = record
  await createRecord(store, record)
  const get = async (path = `/job/${id}`): Promise<any> => await (await fetch(url + path)).json()
  t.equal((await get()).progress, null)
  t.equal((await get('/job')).jobs[0].progress, null)
  const before = (await fetch(`${url}/job/${id}`)).headers.get('etag')!

  const first = { percent: 10, message: 'driving', at, remaining_seconds: null }
  await writeProgress(store, id, { ...first, attempt })
  t.strictSame((await get()).progress, first)
  t.equal((await fetch(`${url}/job/${id}`, { headers: { 'if-none-match': before } })).status, 200, 'it changes the ETag')
  t.equal((await fetch(`${url}/job/${id}`, { headers: { 'if-none-match': before, prefer: 'wait=1' } })).status, 200)
  const other = newRecord({ state: 'running', attempt })
  await createRecord(store, other)
  await writeProgress(store, other.job_uuid, { ...first, attempt })
  t.strictSame((await get('/job')).jobs.find(({ job_uuid: one }: any) => one === other.job_uuid).progress, first)

  const events = readEvents(await watch.open(id))
  const seen: unknown[] = []
  const second = { ...first, percent: 50, message: null, at: '2026-11-22T12:00:10.000Z', remaining_seconds: 10 }
  for await (const { event, data } of events) {
    if (event === 'state' && data.progress !== null) seen.push(data.progress)
    if (event === 'progress') seen.push(data)
    if (seen.length === 1) await writeProgress(store, id, { ...second, attempt })
    if (seen.length === 2) await advanceRecord(store, id, (one) => advance(one, { state: 'succeeded' }, new Date()))
    if (event === 'end') break
  }
  t.strictSame(seen, [first, second])
  t.equal((await get()).progress, null, 'an ended job has none')
})

await t.test('the progress of an earlier attempt is not that of the job', async (t) => {
  const store = await testStore(t)
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running', attempt })
  await writeProgress(store, id, { percent: 90, message: null, at, remaining_seconds: 1, attempt: 'another' })
  t.equal((await (await fetch(`${url}/job/${id}`)).json() as { progress: unknown }).progress, null)
})

await t.test('result-upload takes reports of the uploader', async (t) => {
  const { ask, store, id, attempt } = await uploadServer(t)
  await advanceRecord(store, id, (one) => advance(one, { state: 'running', attempt }, new Date()))
  const { url } = await fetchServer(t, store)
  const report = { percent: 33.3, message: 'half', remaining_seconds: 5 }
  t.equal((await ask('progress', report)).status, 204)
  const { progress } = await (await fetch(`${url}/job/${id}`)).json() as { progress: { at: string } }
  t.match(progress, { ...report, at: /^\d{4}-.*Z$/ })
  t.equal((await ask('progress', { ...report, message: '🚗'.repeat(200) })).status, 204, 'characters are counted')
  for (const wrong of [{ percent: 101 }, { message: '🚗'.repeat(201) }, { remaining_seconds: -1 }, { more: 1 }]) {
    t.equal((await ask('progress', { ...report, ...wrong })).status, 400, JSON.stringify(wrong).slice(0, 40))
  }
})
