import t from 'tap'
import { isTerminal, states } from '../../../../shared/job/job-state.ts'
import type { JobRecord } from '../../../../shared/job/job-record.ts'
import { noteLostLog } from '../../../../shared/job/lost-log.ts'
import { createRecord } from '../../../../shared/job/record-store.ts'
import { jobWatch } from '../../../../functions/job-watch/app.ts'
import { logKey } from '../../../../shared/store/bucket-layout.ts'
import { putObject } from '../../../../shared/store/object-store.ts'
import { openStore } from '../../../../shared/store/open-store.ts'
import { apiKeyFolder } from '../../../support/api-keys.ts'
import { closedUrl } from '../../../support/closed-url.ts'
import { clusterAt } from '../../../support/cluster-at.ts'
import { tryEveryRoute } from '../../../support/every-route.ts'
import { httpServer } from '../../../support/http-server.ts'
import { newRecord } from '../../../support/new-record.ts'
import { problemOf } from '../../../support/problem-of.ts'
import { storeSettingsOf } from '../../../support/store-settings.ts'
import { testStore } from '../../../support/store.ts'
import { watchServer } from '../../../support/watch-server.ts'

await t.test('the log of a job that has ended', async (t) => {
  const store = await testStore(t)
  const LONG_AGO = 'Mon, 01 Jan 2001 00:00:00 GMT'

  /** A cluster without a pod. */
  const { url: empty } = await httpServer(t, (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"kind":"PodList","metadata":{},"items":[]}'))
  const cluster = clusterAt(t, empty)

  async function create (more: Partial<JobRecord>): Promise<JobRecord> {
    const record = newRecord(more)
    await createRecord(store, record)
    return record
  }

  await t.test('a log that is still to come is told apart from one that never will', async (t) => {
    const { url } = await watchServer(t, { store, cluster })
    for (const state of states) {
      for (const startedAt of [undefined, '2026-11-22T12:00:00.000Z']) {
        const { job_uuid: id } = await create({ state, ...(startedAt && { started_at: startedAt }) })
        const response = await fetch(`${url}/job/${id}/log`)
        const comes = !isTerminal(state) || startedAt !== undefined
        t.equal(response.headers.get('retry-after'), comes ? '5' : null, `${state}, started: ${startedAt !== undefined}`)
        const { detail, job_uuid: named } = await problemOf(t, response, 404, comes ? 'log-not-available' : 'no-log')
        t.equal(named, id)
        t.equal(
          detail,
          isTerminal(state)
            ? startedAt === undefined
              ? 'The job never ran, so it has no log'
              : 'The job has ended, but its log is not stored yet; try again in a moment'
            : startedAt === undefined
              ? 'The job has not started yet; try again when it runs'
              : 'The log of the running job cannot be read yet; try again in a moment'
        )
      }
    }
    const { job_uuid: lost } = await create({ state: 'lost', started_at: '2026-11-22T12:00:00.000Z' })
    await noteLostLog(store, lost)
    const response = await fetch(`${url}/job/${lost}/log`)
    t.equal(response.headers.get('retry-after'), null)
    const { detail } = await problemOf(t, response, 404, 'no-log')
    t.equal(detail, 'The job ran, but its pod was gone before the log could be read')
  })

  await t.test('a part of the log is not taken for the log while the whole may come', async (t) => {
    const { log } = await watchServer(t, { store, cluster })
    const statusOf = async (ago: number, tags: Record<string, string>): Promise<number> => {
      const at = new Date(Date.now() - ago).toISOString()
      const { job_uuid: id } = await create({ state: 'canceled', started_at: at, finished_at: at })
      await putObject(store, logKey(id), 'a part\n', tags, 'unconditional', 'text/plain')
      return (await log(id)).status
    }
    t.equal(await statusOf(0, { whole: 'false' }), 404)
    t.equal(await statusOf(60_000, { whole: 'false' }), 200, 'a part is better than none')
    t.equal(await statusOf(0, { whole: 'true' }), 200)
    t.equal(await statusOf(0, {}), 200)
  })

  await t.test('the bytes of a stored log are unchanged, and there may be none', async (t) => {
    const { url } = await watchServer(t, { store, cluster })
    const { job_uuid: id } = await create({ state: 'failed' })
    for (const log of [Buffer.concat([Buffer.from('größer\n'), Buffer.from([0xff, 0x00, 0x1b])]), Buffer.alloc(0)]) {
      await putObject(store, logKey(id), log, { whole: 'true' }, 'unconditional', 'text/plain')
      const response = await fetch(`${url}/job/${id}/log`)
      t.equal(response.status, 200)
      t.match(Object.fromEntries(response.headers), {
        'content-type': 'text/plain; charset=utf-8',
        'content-length': String(log.length),
        'x-content-type-options': 'nosniff'
      })
      t.ok(Buffer.from(await response.arrayBuffer()).equals(log))
      t.equal((await fetch(`${url}/job/${id}/log`, { method: 'HEAD' })).headers.get('content-length'), String(log.length))
    }
  })

  await t.test('the conditions of a stored log are evaluated', async (t) => {
    const { url } = await watchServer(t, { store, cluster })
    const { job_uuid: id } = await create({ state: 'succeeded' })
    await putObject(store, logKey(id), 'a log', {}, 'unconditional', 'text/plain')
    const path = `${url}/job/${id}/log`
    const { headers } = await fetch(path)
    const etag = headers.get('etag')!
    for (
      const [condition, status] of [
        [{ 'if-match': etag }, 200],
        [{ 'if-match': '"other"' }, 412],
        [{ 'if-none-match': etag }, 304],
        [{ 'if-none-match': '"other"' }, 200],
        [{ 'if-unmodified-since': LONG_AGO }, 412],
        [{ 'if-modified-since': headers.get('last-modified')! }, 304],
        [{ 'if-range': etag, range: 'bytes=2-' }, 206],
        [{ 'if-range': '"other"', range: 'bytes=2-' }, 200]
      ] as [Record<string, string>, number][]
    ) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await fetch(path, { method, headers: condition })
        t.equal(answer.status, method === 'HEAD' && status === 206 ? 200 : status, `${method} ${JSON.stringify(condition)}`)
        await answer.bytes()
      }
    }
  })

  await t.test('every route asks for its scope, and for the owner of the job', async (t) => {
    const { settings, add } = apiKeyFolder(t)
    const { url } = await watchServer(t, { store, cluster }, settings)
    await tryEveryRoute(t, {
      url,
      plugin: jobWatch({} as never),
      requests: { 'GET /job/{id}/events': {}, 'GET /job/{id}/log': {}, 'HEAD /job/{id}/log': {} },
      open: [],
      add,
      async job () {
        const { job_uuid: id } = await create({ owner: 'alice', state: 'succeeded' })
        await putObject(store, logKey(id), 'a log', {}, 'unconditional')
        return id
      }
    })
  })

  await t.test('an unreachable store, or Kubernetes, gives 503 before a stream begins', async (t) => {
    const away = await watchServer(t, { store: openStore(storeSettingsOf(await closedUrl())), cluster })
    const { job_uuid: id } = await create({ state: 'running', started_at: '2026-11-22T12:00:00.000Z' })
    for (const path of ['log', 'events']) {
      await problemOf(t, await fetch(`${away.url}/job/${id}/${path}`), 503, 'store-unavailable')
    }
    const alone = await watchServer(t, { store, cluster: clusterAt(t, await closedUrl()) })
    await problemOf(t, await fetch(`${alone.url}/job/${id}/log`), 503, 'kubernetes-unavailable')
  })
})
