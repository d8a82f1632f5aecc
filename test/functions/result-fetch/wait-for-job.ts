import t from 'tap'
import { preferredWait } from '../../../functions/result-fetch/wait-for-job.ts'
import { advance } from '../../../shared/job/advance.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { testStore } from '../../support/store.ts'

const store = await testStore(t)

await t.test('every valid form of Prefer: wait is read, and an invalid form is ignored', async (t) => {
  for (
    const [prefer, seconds] of [
      [undefined, 0],
      ['', 0],
      ['wait=5', 5],
      ['wait=50', 50],
      ['wait=51', 50],
      ['wait=999999999', 50],
      ['wait=99999999999', 50],
      [`wait=${'9'.repeat(400)}`, 50],
      ['wait=0', 0],
      ['Wait=5', 5],
      ['wait = 5', 5],
      ['wait="5"', 5],
      ['respond-async, wait=5', 5],
      ['respond-async,wait=5;x=y', 5],
      ['wait=5, respond-async', 5],
      ['respond-async; wait=5', 5],
      ['wait=-1', 0],
      ['wait=1.5', 0],
      ['wait=x', 0],
      ['wait', 0],
      ['wait=', 0],
      ['await=5', 0],
      ['wait=5s', 0],
      ['xwait=5', 0],
      ['return=minimal', 0],
      ['foo="a, wait=5"', 0],
      ['foo="a; wait=5", wait=6', 6],
      ['foo="\\", wait=5", wait=6', 6],
      ['foo="not closed, wait=5', 0],
      ['wait=x, wait=5', 0],
      ['wait=7, wait=5', 7],
      ['respond-async; wait=5, wait=6', 6],
      ['=3, wait 5, ,wait=6;;x', 6]
    ] as const
  ) t.equal(preferredWait(prefer), seconds, String(prefer))
})

await t.test('the answer waits until the job ends', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running' })
  const waiting = fetch(`${url}/job/${id}`, { headers: { prefer: 'wait=20' } })
  await advanceRecord(store, id, (record) => advance(record, { attempt: 'pod' }, new Date()))
  await advanceRecord(store, id, (record) => advance(record, { state: 'succeeded' }, new Date()))
  const response = await waiting
  t.equal(response.headers.get('preference-applied'), 'wait=20')
  t.match(await response.json(), { state: 'succeeded' })
})

await t.test('with If-None-Match the answer waits for any change', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'pending' })
  const known = (await fetch(`${url}/job/${id}`)).headers.get('etag')!
  const waiting = fetch(`${url}/job/${id}`, { headers: { prefer: 'wait=20', 'if-none-match': `"other", ${known}` } })
  await advanceRecord(store, id, (record) => advance(record, { state: 'running' }, new Date()))
  const response = await waiting
  t.equal(response.status, 200)
  t.match(await response.json(), { state: 'running' })
})

await t.test('after the wait time the answer has the current state', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running' })
  const response = await fetch(`${url}/job/${id}`, { headers: { prefer: 'wait=1' } })
  t.equal(response.headers.get('preference-applied'), 'wait=1')
  t.match(await response.json(), { state: 'running' })
  const again = await fetch(`${url}/job/${id}`, {
    headers: { prefer: 'wait=1', 'if-none-match': response.headers.get('etag')! }
  })
  t.equal(again.status, 304)
  t.equal(again.headers.get('etag'), response.headers.get('etag'))
})

await t.test('the answer does not wait for a job that has ended or does not exist', async (t) => {
  const { url, create } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'failed' })
  t.match(await (await fetch(`${url}/job/${id}`, { headers: { prefer: 'wait=50' } })).json(), { state: 'failed' })
  t.equal((await fetch(`${url}/job/${id.slice(0, -4)}0000`, { headers: { prefer: 'wait=50' } })).status, 404)
})

await t.test('a function that stops answers waiting requests', async (t) => {
  const { url, create, close } = await fetchServer(t, store)
  const { job_uuid: id } = await create({ state: 'running' })
  const waiting = fetch(`${url}/job/${id}`, { headers: { prefer: 'wait=50' } })
  // The waiting request has arrived before the shutdown begins, because the request after it was answered.
  t.equal((await fetch(`${url}/job/${id}`)).status, 200)
  await close()
  const response = await waiting
  t.equal(response.status, 200)
  t.match(await response.json(), { state: 'running' })
  t.equal(response.headers.get('connection'), 'close', 'the connection is closed')
})
