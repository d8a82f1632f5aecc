import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import type { Callback } from '../../shared/job/callbacks/callback.ts'
import { advanceRecord } from '../../shared/job/record-store.ts'
import { markerKey } from '../../shared/store/bucket-layout.ts'
import { headObject } from '../../shared/store/object-store.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { writesTag } from '../support/fault-rules.ts'
import { faultyHost } from '../support/faulty-host.ts'
import { httpServer, type Received } from '../support/http-server.ts'
import { poll } from '../support/poll.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

interface View {
  id: string
  to: string
  state: string
  next_try_at: string | null
  attempts: { status: number | null, error: string | null }[]
}

await t.test('a callback reaches its receiver', async (t) => {
  const { host, receiver, told, viewOf, callbackIs, isDone, comeDue, deploy } = await toldHost(t)

  await t.test('once, at the end of the job, with a valid signature', async (t) => {
    const id = await deploy('echo a > a.txt')
    t.match(await callbackIs(id, 'delivered'), { to: receiver.url, next_try_at: null })
    t.match(await host.job(id), { state: 'succeeded', callback: 'delivered' })
    await isDone(id)
    await host.ping()
    const events = told(id)
    t.match(events, [{
      type: 'org.gx4ki.job.succeeded',
      subject: id,
      data: { state: 'succeeded', exit_code: 0, links: { results: `https://jobs.example.org/job/${id}/result/list` } }
    }])
    t.equal(events.length, 1)
  })

  await t.test('also at the start of the job, if it was requested', async (t) => {
    const id = await deploy('trap "exit 1" TERM; while :; do sleep 0.1; done', { events: ['running', 'canceled'] })
    await callbackIs(id, 'delivered')
    t.match(await host.job(id), { state: 'running', callback: 'delivered' })
    await host.cancel(id)
    await host.reaches(id, 'canceled')
    await isDone(id)
    t.strictSame(told(id).map(({ type }) => type), ['org.gx4ki.job.running', 'org.gx4ki.job.canceled'])
  })

  await t.test('with a ping, after the receiver was down for the first three tries', async (t) => {
    receiver.answers.push(503, 500, 502)
    const id = await deploy('false')
    for (const tries of [1, 2, 3]) {
      await callbackIs(id, 'owed', tries)
      t.match(await host.job(id), { state: 'failed', callback: 'owed' })
      await comeDue(id)
      await host.ping()
    }
    t.match(await callbackIs(id, 'delivered', 4), {
      attempts: [{ status: 503 }, { status: 500 }, { status: 502 }, { status: 204 }]
    })
    t.strictSame(told(id).map(({ type }) => type), Array.from({ length: 4 }, () => 'org.gx4ki.job.failed'))
    t.equal(receiver.ids(id).size, 1)
    await isDone(id)
  })

  await t.test('never again after a 410 from the receiver, unless a client requests it', async (t) => {
    receiver.answers.push(410)
    const id = await deploy('true')
    const { id: callback } = await callbackIs(id, 'dead')
    t.match(await host.job(id), { callback: 'dead' })
    await isDone(id)
    await host.ping()
    t.equal(told(id).length, 1)
    const again = await fetch(`${host.url}/job/${id}/callback/${callback}/redeliver`, { method: 'POST' })
    t.equal(again.status, 202)
    t.match(await again.json(), { id: callback, state: 'owed' })
    await host.ping()
    await callbackIs(id, 'delivered', 2)
    await isDone(id)
    t.equal(told(id).length, 2)
  })

  await t.test('a second time with the same id, if the function was killed before it recorded the first delivery', async (t) => {
    host.proxies.store.fate = writesTag('callback', 'delivered')
    const id = await deploy('true')
    await host.proxies.store.caught()
    t.equal(told(id).length, 1)
    await host.crash()
    t.match(await viewOf(id), [{ state: 'owed', attempts: [{ status: null, error: null }] }])
    await host.ping()
    t.equal(told(id).length, 1, 'no delivery before the claim has expired')
    await comeDue(id, { trying_until: new Date().toISOString() })
    await host.ping()
    await isDone(id)
    t.match(await viewOf(id), [{ state: 'delivered', attempts: [{ status: null }, { status: 204 }] }])
    t.equal(told(id).length, 2)
    t.equal(receiver.ids(id).size, 1)
  })
})

/** A host that may reach one receiver, and functions for tests of both. */
async function toldHost (t: Test) {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  // The status codes that the receiver answers, one by one. Afterwards it accepts everything.
  const answers: number[] = []
  const { url, received } = await httpServer(
    t,
    (_, response) => response.writeHead(answers.shift() ?? 204, { 'retry-after': '3600' }).end()
  )
  const S3_BUCKET = `test-${randomBytes(6).toString('hex')}`
  const host = await faultyHost(t, 'job-completed', {
    '*': {
      S3_BUCKET,
      WEBHOOK_SECRETS_DIR: temporaryFolder(t, { ours: secret }),
      WEBHOOK_DEFAULT_SECRET: 'ours',
      EGRESS_ALLOWED_ORIGINS: url,
      PUBLIC_URL: 'https://jobs.example.org'
    }
  })
  const { endpoint, accessKey, secretKey, region } = host.store
  const store = openStore({
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
    S3_REGION: region,
    S3_BUCKET
  })
  const about = (id: string): Received[] =>
    received.filter(({ headers }) => String(headers['webhook-id']).startsWith(id))

  async function viewOf (id: string): Promise<View[]> {
    const { callbacks } = await (await fetch(`${host.url}/job/${id}/callback`)).json() as { callbacks: View[] }
    return callbacks
  }

  return {
    host,
    receiver: { url, answers, ids: (id: string) => new Set(about(id).map(({ headers }) => headers['webhook-id'])) },
    viewOf,
    /** The events of a job that the receiver got. Throws when a signature is invalid. */
    told: (id: string): any[] =>
      about(id).map(({ headers, body }) =>
        new Webhook(secret).verify(body.toString(), headers as Record<string, string>)
      ),
    callbackIs: async (id: string, state: string, attempts = 1) =>
      await poll(
        `the callback is ${state} after ${attempts} tries`,
        async () =>
          (await viewOf(id)).find((one) =>
            one.state === state && one.attempts.length === attempts &&
            one.attempts.every(({ status }) => status !== null)
          )
      ),
    isDone: async (id: string) =>
      await poll('no callback is owed any more', async () => await headObject(store, markerKey(id)) === undefined),
    /** Makes the callbacks due now, by a change of the record, which has the due time. */
    comeDue: async (id: string, more: Partial<Callback> = {}) =>
      await advanceRecord(store, id, (record) => ({
        ...record,
        revision: record.revision + 1,
        callbacks: record.callbacks!.map((one) => ({ ...one, due_at: new Date().toISOString(), ...more }))
      })),
    deploy: async (SCRIPT: string, more: object = {}) =>
      await host.deploy({ env: { SCRIPT }, callback: { url: `${url}/hook?token=1`, ...more } })
  }
}
