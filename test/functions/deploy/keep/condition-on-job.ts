import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { conditionOnJob } from '../../../../functions/deploy/keep/condition-on-job.ts'
import { keepJob } from '../../../../functions/deploy/keep/keep-job.ts'
import { askToStop } from '../../../../functions/deploy/keep/stop-job.ts'
import { advance } from '../../../../shared/job/advance.ts'
import type { JobRecord } from '../../../../shared/job/job-record.ts'
import { advanceRecord, createRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { closedUrl } from '../../../support/closed-url.ts'
import { clusterAt } from '../../../support/cluster-at.ts'
import { deployWith } from '../../../support/deploy-server.ts'
import { fetchServer } from '../../../support/fetch-server.ts'
import { newRecord } from '../../../support/new-record.ts'
import { problemOf } from '../../../support/problem-of.ts'
import { putFirstResults } from '../../../support/put-results.ts'
import { refusal } from '../../../support/refusal.ts'
import { testStore } from '../../../support/store.ts'

await t.test('the conditions of a request that changes a job', async (t) => {
  const store = await testStore(t)
  // Kubernetes is not needed: the stop stays in the record.
  const { url } = await deployWith(t, { store, cluster: clusterAt(t, await closedUrl()) })
  const reader = await fetchServer(t, store)
  const attempt = 'pod'
  const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()

  const job = async (more: Partial<JobRecord>): Promise<string> => {
    const record = newRecord(more)
    await createRecord(store, record)
    return record.job_uuid
  }
  const ended = async (): Promise<string> =>
    await job({ state: 'succeeded', finished_at: new Date().toISOString(), expires_at: inDays(1) })
  const etagOf = async (id: string): Promise<string> => (await fetch(`${reader.url}/job/${id}`)).headers.get('etag')!
  const remove = async (id: string, headers: Record<string, string>): Promise<Response> =>
    await fetch(`${url}/job/${id}`, { method: 'DELETE', headers })
  const keep = async (id: string, headers: Record<string, string>, until = inDays(10)): Promise<Response> =>
    await fetch(`${url}/job/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ expires_at: until })
    })

  await t.test('the ETag of the job document is that of If-Match, also while results arrive', async (t) => {
    const id = await job({ state: 'running', attempt })
    await putFirstResults(store, { id, attempt }, { a: '1' })
    const etag = await etagOf(id)
    await putFirstResults(store, { id, attempt }, { a: '1', b: '2' })
    await problemOf(t, await remove(id, { 'if-match': etag }), 412, 'precondition-failed')
    t.equal((await readRecord(store, id))!.record.stop, undefined)
    t.equal((await remove(id, { 'if-match': `"other", ${await etagOf(id)}` })).status, 202)
    t.match((await readRecord(store, id))!.record.stop, { reason: 'CancelRequested' })

    const done = await ended()
    t.equal((await keep(done, { 'if-match': await etagOf(done) })).status, 200)
  })

  await t.test('a condition that does not hold changes nothing', async (t) => {
    for (
      const [headers, status] of [
        [{ 'if-match': '"other"' }, 412],
        [{ 'if-match': 'W/ETAG' }, 412],
        [{ 'if-match': '' }, 412],
        [{ 'if-none-match': '*' }, 412],
        [{ 'if-none-match': 'ETAG' }, 412],
        [{ 'if-none-match': 'W/ETAG' }, 412],
        [{ 'if-match': 'ETAG', 'if-none-match': 'ETAG' }, 412],
        [{ 'if-match': '*' }, 200],
        [{ 'if-none-match': '"other"' }, 200],
        [{ 'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' }, 200],
        [{ 'if-modified-since': new Date().toUTCString() }, 200]
      ] as const
    ) {
      for (const send of [remove, keep]) {
        const id = await ended()
        const before = await readRecord(store, id)
        const sent = Object.entries(headers).map(([name, value]) => [name, value.replace('ETAG', before!.etag)])
        const response = await send(id, Object.fromEntries(sent))
        t.equal(response.status, status, `${send.name} ${JSON.stringify(headers)}`)
        if (status === 412) t.same(await readRecord(store, id), before)
      }
    }
  })

  await t.test('a job that is unknown or runs is told first, a wrong time after the condition', async (t) => {
    const wrong = { 'if-match': '"other"' }
    const unknown = newRecord().job_uuid
    await problemOf(t, await remove(unknown, wrong), 404, 'unknown-job')
    await problemOf(t, await keep(unknown, wrong), 404, 'unknown-job')
    await problemOf(t, await keep(await job({ state: 'running' }), wrong), 409, 'job-not-ended')
    await problemOf(t, await keep(await ended(), wrong, inDays(1000)), 412, 'precondition-failed')
  })

  await t.test('the condition holds for the record that is replaced, not for one that was read before', async (t) => {
    const failed = refusal(412, 'precondition-failed')
    const checkOf = async (id: string, method: string) =>
      await conditionOnJob(store, id, { method, headers: { 'if-match': await etagOf(id) } } as FastifyRequest)

    const running = await job({ state: 'pending' })
    const check = await checkOf(running, 'DELETE')
    await advanceRecord(store, running, (record) => advance(record, { state: 'running' }, new Date()))
    const applies = (record: JobRecord, etag: string): boolean => {
      check(record, etag)
      return true
    }
    await t.rejects(askToStop(store, running, 'CancelRequested', applies), failed)
    t.equal((await readRecord(store, running))!.record.stop, undefined)

    const done = await ended()
    const checkDone = await checkOf(done, 'PATCH')
    await keepJob(store, done, inDays(5), () => {})
    await t.rejects(keepJob(store, done, inDays(10), checkDone), failed)
  })
})
