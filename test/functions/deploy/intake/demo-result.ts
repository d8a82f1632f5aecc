import t from 'tap'
import { advance } from '../../../../shared/job/advance.ts'
import type { Change } from '../../../../shared/job/job-record.ts'
import { advanceRecord } from '../../../../shared/job/record-store.ts'
import { jobOfKey, stateKey } from '../../../../shared/store/bucket-layout.ts'
import type { Store } from '../../../../shared/store/open-store.ts'
import { deployServer, keysOf } from '../../../support/deploy-server.ts'
import { poll } from '../../../support/poll.ts'
import { problemOf } from '../../../support/problem-of.ts'
import { putResults } from '../../../support/put-results.ts'

const bytes = Buffer.from([0, 255, 13, 10, 7])

/** Ends the only job with this change. */
async function endJob (store: Store, change: Change, file?: string): Promise<string> {
  const id = await poll('the job is pending', async () => {
    const key = (await keysOf(store)).find((key) => key.startsWith('state/'))
    return key && jobOfKey(key)
  })
  if (file) await putResults(store, { id, attempt: 'pod' }, { [file]: bytes })
  await advanceRecord(store, id, (record) => advance(record, { attempt: 'pod', ...change }, new Date()))
  return id
}

await t.test('the demo answers with the result file of its job', async (t) => {
  const { url, store } = await deployServer(t, { demoWait: 30 })
  const asked = fetch(`${url}/demo`)
  const id = await endJob(store, { state: 'succeeded' }, 'out.txt')
  const response = await asked
  t.equal(response.status, 200)
  t.match(Object.fromEntries(response.headers), {
    'content-type': 'text/plain',
    'content-length': '5',
    'content-disposition': /filename="out.txt"/,
    link: `</job/${id}>; rel="describedby"`,
    'x-content-type-options': 'nosniff'
  })
  t.ok(Buffer.from(await response.arrayBuffer()).equals(bytes))
})

await t.test('the answer for a failed demo has the state and the reason of its job', async (t) => {
  for (
    const [change, file, detail] of [
      [{ state: 'failed', reason: 'OOMKilled' }, 'out.txt', /failed \(OOMKilled\)/],
      [{ state: 'canceled' }, undefined, /canceled/],
      [{ state: 'succeeded' }, 'other.txt', /succeeded .*without out.txt/]
    ] as const
  ) {
    const { url, store } = await deployServer(t, { demoWait: 30 })
    const asked = fetch(`${url}/demo`)
    const id = await endJob(store, change, file)
    const problem = await problemOf(t, await asked, 502, 'demo-failed')
    t.match(problem.detail, detail)
    t.equal(problem.job_uuid, id)
  }
})

await t.test('a demo that takes longer answers with the address of its job', async (t) => {
  const { url, store } = await deployServer(t)
  const response = await fetch(`${url}/demo`)
  t.equal(response.status, 202)
  const { job_uuid: id, state } = await response.json() as { job_uuid: string, state: string }
  t.equal(state, 'pending')
  t.equal(response.headers.get('location'), `/job/${id}`)
  t.ok((await keysOf(store)).includes(stateKey(id)))
})
