import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { markerKey } from '../../../shared/bucket-layout.ts'
import type { Callback } from '../../../shared/callback.ts'
import { advance, type JobRecord } from '../../../shared/job-record.ts'
import { headObject, putObject } from '../../../shared/object-store.ts'
import { advanceRecord, createRecord, readRecord } from '../../../shared/record-store.ts'
import type { Target } from '../../../shared/target.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { clusterOf } from '../../support/cluster-of.ts'
import { completedWith } from '../../support/completed-server.ts'
import { httpServer, type Received } from '../../support/http-server.ts'
import { testKubernetes } from '../../support/local-kubernetes.ts'
import { newRecord } from '../../support/new-record.ts'
import { poll } from '../../support/poll.ts'
import { testStore } from '../../support/store.ts'

const place = { store: await testStore(t), cluster: clusterOf(await testKubernetes(t)) }
const { store } = place
const key = randomBytes(32)
const secrets = t.testdir({ ours: `whsec_${key.toString('base64')}\n`, rotated: `whsec_${randomBytes(24).toString('base64')}\nwhsec_${key.toString('base64')}\n` })

/** A job that has just ended, as deploy may leave it, and whom it is to be told to. */
async function endedJob (targets: Target[], more: Partial<JobRecord> = {}): Promise<JobRecord> {
  const ended = advance(newRecord({ state: 'pending', targets, ...more }), { state: 'failed', reason: 'StartDeadlineExceeded' }, new Date())!
  await putObject(store, markerKey(ended.job_uuid), '', {}, 'unconditional')
  await createRecord(store, ended)
  return ended
}

const hook = (url: string, more: Partial<Extract<Target, { kind: 'webhook' }>> = {}): Target =>
  ({ kind: 'webhook', url, events: ['failed'], secret_ref: 'ours', ...more })

/** A running job-completed that may reach these addresses. */
const tellerOf = async (t: Parameters<typeof httpServer>[0], urls: string[], more: { PUBLIC_URL?: string, K_SINK?: string, K_CE_OVERRIDES?: string } = {}) =>
  await completedWith(t, place, { EGRESS_ALLOWED_ORIGINS: urls.map((url) => new URL(url).origin).join(' '), EGRESS_DENIED_RANGES: '', WEBHOOK_SECRETS_DIR: join(secrets), ...more })

const callbackOf = async (id: string, wanted: (callback: Callback) => unknown = () => true): Promise<Callback> =>
  await poll('the callback is as wanted', async () => (await readRecord(store, id))?.record.callbacks?.find(wanted))

const hasMarker = async (id: string): Promise<boolean> => await headObject(store, markerKey(id)) !== undefined

/** As if the time had come: only the record knows when that is. */
async function comeDue (id: string, more: Partial<Callback> = {}): Promise<void> {
  await advanceRecord(store, id, (record) => ({ ...record, revision: record.revision + 1, callbacks: record.callbacks!.map((one) => ({ ...one, due_at: new Date().toISOString(), ...more })) }))
}

const statuses = ({ attempts }: Callback): (number | string | undefined)[] => attempts.map(({ status, error }) => status ?? error)

/** What a receiver makes of it that has the library of Standard Webhooks: the body, or it throws. */
const verified = ({ headers, body }: Received, secret = key): any => new Webhook(`whsec_${secret.toString('base64')}`).verify(body.toString(), headers as Record<string, string>)

await t.test('a receiver is told once, signed, in an event that leads to the job', async (t) => {
  const receiver = await httpServer(t)
  const teller = await tellerOf(t, [receiver.url], { PUBLIC_URL: 'https://jobs.example.org/' })
  const { job_uuid: id, history } = await endedJob([hook(`${receiver.url}/here?token=1`)])
  await teller.ping()
  t.match(await callbackOf(id, ({ state }) => state === 'delivered'), { id: '0-failed', attempts: [{ status: 204, error: undefined }], due_at: undefined, trying_until: undefined })
  await poll('the marker is gone', async () => !await hasMarker(id))
  await teller.ping()
  await teller.close()
  t.equal(receiver.received.length, 1)
  const [received] = receiver.received
  t.match(received, { method: 'POST', url: '/here?token=1', headers: { 'content-type': 'application/cloudevents+json; charset=utf-8', 'webhook-id': `${id}-0-failed` } })
  t.strictSame(verified(received!), {
    specversion: '1.0',
    id: `${id}-failed`,
    source: 'https://jobs.example.org/job',
    type: 'org.gx4ki.job.failed',
    subject: id,
    time: history.at(-1)!.at,
    datacontenttype: 'application/json',
    data: {
      job_uuid: id,
      state: 'failed',
      reason: 'StartDeadlineExceeded',
      template: 'test',
      exit_code: null,
      links: { self: `https://jobs.example.org/job/${id}`, results: `https://jobs.example.org/job/${id}/result/list`, log: `https://jobs.example.org/job/${id}/log` }
    }
  })
})
