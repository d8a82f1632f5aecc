import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { advance } from '../../../../shared/job/advance.ts'
import type { Callback } from '../../../../shared/job/callbacks/callback.ts'
import type { JobRecord } from '../../../../shared/job/job-record.ts'
import { advanceRecord, createRecord, readRecord } from '../../../../shared/job/record-store.ts'
import type { Target } from '../../../../shared/job/callbacks/target.ts'
import { markerKey } from '../../../../shared/store/bucket-layout.ts'
import { headObject, putObject } from '../../../../shared/store/object-store.ts'
import { closedUrl } from '../../../support/closed-url.ts'
import { clusterOf } from '../../../support/cluster-of.ts'
import { completedWith } from '../../../support/completed-server.ts'
import { httpServer, type Received } from '../../../support/http-server.ts'
import { testKubernetes } from '../../../support/local-kubernetes.ts'
import { newRecord } from '../../../support/new-record.ts'
import { poll } from '../../../support/poll.ts'
import { testStore } from '../../../support/store.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

await t.test('callbacks', async (t) => {
  const place = { store: await testStore(t), cluster: clusterOf(await testKubernetes(t)) }
  const { store } = place
  const key = randomBytes(32)
  const secrets = temporaryFolder(t, {
    ours: `whsec_${key.toString('base64')}\n`,
    rotated: `whsec_${randomBytes(24).toString('base64')}\nwhsec_${key.toString('base64')}\n`
  })

  /** A job with these targets that has just ended, as deploy may leave it. */
  async function endedJob (targets: Target[], more: Partial<JobRecord> = {}): Promise<JobRecord> {
    const ended = advance(newRecord({ state: 'pending', targets, ...more }), {
      state: 'failed',
      reason: 'StartDeadlineExceeded'
    }, new Date())!
    await putObject(store, markerKey(ended.job_uuid), '', {}, 'unconditional')
    await createRecord(store, ended)
    return ended
  }

  const hook = (url: string, more: Partial<Extract<Target, { kind: 'webhook' }>> = {}): Target => ({
    kind: 'webhook',
    url,
    events: ['failed'],
    secret_ref: 'ours',
    ...more
  })

  /** A running job-completed that is allowed to reach these URLs. */
  const tellerOf = async (
    t: Parameters<typeof httpServer>[0],
    urls: string[],
    more: { PUBLIC_URL?: string, K_SINK?: string, K_CE_OVERRIDES?: string, K_SINK_TOKEN_FILE?: string } = {}
  ) =>
    await completedWith(t, place, {
      EGRESS_ALLOWED_ORIGINS: urls.map((url) => new URL(url).origin).join(' '),
      EGRESS_DENIED_RANGES: '',
      WEBHOOK_SECRETS_DIR: secrets,
      ...more
    })

  const callbackOf = async (id: string, wanted: (callback: Callback) => unknown = () => true): Promise<Callback> =>
    await poll('the callback is as wanted', async () => (await readRecord(store, id))?.record.callbacks?.find(wanted))

  const hasMarker = async (id: string): Promise<boolean> => await headObject(store, markerKey(id)) !== undefined

  /** Makes all callbacks of the job due now, by a change of the record. */
  async function comeDue (id: string, more: Partial<Callback> = {}): Promise<void> {
    await advanceRecord(
      store,
      id,
      (record) => ({
        ...record,
        revision: record.revision + 1,
        callbacks: record.callbacks!.map((one) => ({ ...one, due_at: new Date().toISOString(), ...more }))
      })
    )
  }

  const statuses = ({ attempts }: Callback): (number | string | undefined)[] =>
    attempts.map(({ status, error }) => status ?? error)

  /** The body, verified with the library of Standard Webhooks; throws if the signature is wrong. */
  const verified = ({ headers, body }: Received, secret = key): any =>
    new Webhook(`whsec_${secret.toString('base64')}`).verify(body.toString(), headers as Record<string, string>)

  await t.test('a receiver gets one signed event with links to the job', async (t) => {
    const receiver = await httpServer(t)
    const teller = await tellerOf(t, [receiver.url], { PUBLIC_URL: 'https://jobs.example.org' })
    const { job_uuid: id, history } = await endedJob([hook(`${receiver.url}/here?token=1`)], { traceparent })
    await teller.ping()
    t.match(await callbackOf(id, ({ state }) => state === 'delivered'), {
      id: '0-failed',
      attempts: [{ status: 204, error: undefined }],
      due_at: undefined,
      trying_until: undefined
    })
    await poll('the marker is gone', async () => !await hasMarker(id))
    await teller.ping()
    await teller.close()
    t.equal(receiver.received.length, 1)
    const [received] = receiver.received
    t.match(received, {
      method: 'POST',
      url: '/here?token=1',
      headers: { 'content-type': 'application/cloudevents+json; charset=utf-8', 'webhook-id': `${id}-0-failed` }
    })
    t.strictSame(verified(received!), {
      specversion: '1.0',
      id: `${id}-failed`,
      source: 'https://jobs.example.org/job',
      type: 'org.gx4ki.job.failed',
      subject: id,
      time: history.at(-1)!.at,
      datacontenttype: 'application/json',
      traceparent,
      data: {
        job_uuid: id,
        state: 'failed',
        reason: 'StartDeadlineExceeded',
        message: null,
        template: 'test',
        exit_code: null,
        results: null,
        links: {
          self: `https://jobs.example.org/job/${id}`,
          results: `https://jobs.example.org/job/${id}/result/list`,
          log: `https://jobs.example.org/job/${id}/log`
        }
      }
    })
  })

  await t.test('the webhook says how many results there are, and which files are left out', async (t) => {
    const receiver = await httpServer(t)
    const teller = await tellerOf(t, [receiver.url])
    const results = {
      files: 2,
      bytes: 7,
      complete: false,
      left_out: [{ name: 'a\\x0a.txt', reason: 'its name has a line break' }],
      left_out_count: 21
    }
    const message = 'Not all files could be stored: …'
    const { job_uuid: id } = await endedJob([hook(receiver.url)], { results, message })
    await teller.ping()
    await callbackOf(id, ({ state }) => state === 'delivered')
    t.match(verified(receiver.received[0]!), { data: { state: 'failed', results, message } })
  })

  await t.test('a failed callback is tried again when it is due, with the same id and a new signature', async (t) => {
    const answers = [503, 500, 301, 404, 200]
    const receiver = await httpServer(
      t,
      (_, response) =>
        response.writeHead(answers.shift()!, { location: '/elsewhere', 'retry-after': '3600' }).end(
          'not for the caller'
        )
    )
    const teller = await tellerOf(t, [receiver.url])
    const { job_uuid: id } = await endedJob([hook(receiver.url)])
    await teller.ping()
    for (let tried = 1; tried <= 4; tried++) {
      await callbackOf(id, ({ attempts, trying_until: trying }) => attempts.length === tried && trying === undefined)
      t.ok(await hasMarker(id))
      await teller.ping()
      await comeDue(id)
      await teller.ping()
    }
    t.strictSame(statuses(await callbackOf(id, ({ state }) => state === 'delivered')), [503, 500, 301, 404, 200])
    await poll('the marker is gone', async () => !await hasMarker(id))
    await teller.close()
    t.equal(receiver.received.length, 5, 'a ping before the due time makes no call')
    t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
    t.equal(new Set(receiver.received.map(({ body }) => body.toString())).size, 1)
    for (const received of receiver.received) t.equal(verified(received).subject, id)
  })

  await t.test('a callback is dead after 410, or after the last try', async (t) => {
    const receiver = await httpServer(t, (_, response) => response.writeHead(410).end())
    const refusing = await closedUrl()
    const teller = await tellerOf(t, [receiver.url, refusing])
    const { job_uuid: id } = await endedJob([hook(receiver.url), hook(refusing)])
    await teller.ping()
    t.match(await callbackOf(id, ({ id, state }) => id === '0-failed' && state === 'dead'), {
      attempts: [{ status: 410 }],
      due_at: undefined
    })
    await callbackOf(
      id,
      ({ id, attempts, trying_until: trying }) => id === '1-failed' && attempts.length === 1 && trying === undefined
    )
    t.ok(await hasMarker(id), 'the other callback is still owed')

    const nine = Array.from({ length: 9 }, () => ({ at: new Date().toISOString(), error: 'ConnectionRefused' }))
    await advanceRecord(
      store,
      id,
      (record) => ({
        ...record,
        callbacks: [record.callbacks![0]!, {
          ...record.callbacks![1]!,
          attempts: nine,
          due_at: new Date().toISOString()
        }]
      })
    )
    await teller.ping()
    t.equal((await callbackOf(id, ({ id, state }) => id === '1-failed' && state === 'dead')).attempts.length, 10)
    await poll('a dead callback is not owed', async () => !await hasMarker(id))
    await teller.close()
    t.equal(receiver.received.length, 1)
  })

  await t.test('Retry-After delays the next try', async (t) => {
    const receiver = await httpServer(t, (_, response) => response.writeHead(429, { 'retry-after': '7200' }).end())
    const teller = await tellerOf(t, [receiver.url])
    const { job_uuid: id } = await endedJob([hook(receiver.url)])
    await teller.ping()
    const { due_at: due, attempts } = await callbackOf(id, ({ attempts }) => attempts[0]?.status === 429)
    t.ok(Date.parse(due!) >= Date.parse(attempts[0]!.at) + 7_200_000)
  })

  await t.test('when several processes get a ping at the same time, only one makes the call', async (t) => {
    const receiver = await httpServer(t)
    const tellers = await Promise.all([1, 2, 3].map(async () => await tellerOf(t, [receiver.url])))
    const jobs = await Promise.all(Array.from({ length: 5 }, async () => await endedJob([hook(receiver.url)])))
    await Promise.all(tellers.map(async ({ ping }) => await ping()))
    for (const { job_uuid: id } of jobs) await callbackOf(id, ({ state }) => state === 'delivered')
    await Promise.all(tellers.map(async ({ close }) => await close()))
    t.strictSame(
      receiver.received.map(({ headers }) => headers['webhook-id']).sort(),
      jobs.map(({ job_uuid: id }) => `${id}-0-failed`).sort()
    )
  })

  await t.test('an interrupted attempt is repeated when its claim has expired, and not earlier', async (t) => {
    const receiver = await httpServer(t)
    const teller = await tellerOf(t, [receiver.url])
    const { job_uuid: id } = await endedJob([hook(receiver.url)])
    const claimed = (until: number): Partial<Callback> => ({
      trying_until: new Date(Date.now() + until).toISOString(),
      attempts: [{ at: new Date().toISOString() }]
    })
    await comeDue(id, claimed(60_000))
    await teller.ping()
    await poll('the ping has checked the job', async () => (await headObject(store, markerKey(id)))!.size > 0)
    t.equal(receiver.received.length, 0)
    await comeDue(id, claimed(0))
    await teller.ping()
    const { attempts } = await callbackOf(id, ({ state }) => state === 'delivered')
    t.match(attempts, [{ status: undefined, error: undefined }, { status: 204 }])
    t.equal(receiver.received.length, 1)
  })

  await t.test('a receiver that never answers delays neither the ping nor other callbacks', async (t) => {
    const held: ServerResponse[] = []
    const silent = await httpServer(t, (_, response) => held.push(response))
    const receiver = await httpServer(t)
    const teller = await tellerOf(t, [silent.url, receiver.url])
    // More than the process sends at once.
    for (let jobs = 0; jobs < 20; jobs++) await endedJob([hook(silent.url)])
    const { job_uuid: id } = await endedJob([hook(silent.url), hook(receiver.url)])
    t.equal((await teller.ping()).status, 204)
    await callbackOf(id, ({ id, state }) => id === '1-failed' && state === 'delivered')
    t.match(await callbackOf(id), { state: 'owed' })
    await poll('the silent receiver has the attempts', () => held.length >= 4)
    t.equal(held.length, 4, 'no attempt at the silent receiver has ended')
    for (const response of held) response.destroy()
  })

  await t.test('a URL that is not allowed is not called, and the attempt has the error EgressDenied', async (t) => {
    const receiver = await httpServer(t)
    const teller = await tellerOf(t, [])
    const { job_uuid: id } = await endedJob([
      hook(receiver.url),
      hook('https://10.0.0.1/'),
      hook('https://169.254.169.254/')
    ])
    await teller.ping()
    for (const index of [0, 1, 2]) {
      t.match(await callbackOf(id, ({ target, attempts }) => target === index && attempts[0]?.error), {
        state: 'owed',
        attempts: [{ error: 'EgressDenied', status: undefined }]
      })
    }
    t.equal(receiver.received.length, 0)
  })

  await t.test('a secret with two keys signs with both; a callback with a missing secret stays owed', async (t) => {
    const receiver = await httpServer(t)
    const teller = await tellerOf(t, [receiver.url])
    const { job_uuid: id } = await endedJob([
      hook(receiver.url, { secret_ref: 'rotated' }),
      hook(receiver.url, { secret_ref: 'gone' })
    ])
    await teller.ping()
    await callbackOf(id, ({ state }) => state === 'delivered')
    t.match(receiver.received[0]!.headers['webhook-signature'], /^v1,\S+ v1,\S+$/)
    t.equal(verified(receiver.received[0]!).subject, id)
    t.throws(() => verified(receiver.received[0]!, randomBytes(24)))
    t.match(await callbackOf(id, ({ target, attempts }) => target === 1 && attempts[0]?.error), {
      state: 'owed',
      attempts: [{ error: 'SecretUnavailable' }]
    })
  })

  await t.test('the sink gets events in binary mode, with the extensions of the SinkBinding', async (t) => {
    const receiver = await httpServer(t, (_, response) => response.writeHead(202).end())
    const teller = await tellerOf(t, [], {
      K_SINK: `${receiver.url}/gx4ki/gx4ki`,
      K_CE_OVERRIDES: '{"extensions":{"site":"a"}}'
    })
    const { job_uuid: id } = await endedJob([{ kind: 'sink' }], { traceparent })
    await teller.ping()
    await callbackOf(id, ({ state }) => state === 'delivered')
    t.match(receiver.received, [{
      url: '/gx4ki/gx4ki',
      headers: {
        'ce-specversion': '1.0',
        'ce-id': `${id}-failed`,
        'ce-type': 'org.gx4ki.job.failed',
        'ce-source': '/job',
        'ce-subject': id,
        'ce-site': 'a',
        'ce-traceparent': traceparent,
        'content-type': /^application\/json/
      }
    }])
    t.match(JSON.parse(receiver.received[0]!.body.toString()), {
      job_uuid: id,
      state: 'failed',
      links: { self: `/job/${id}` }
    })
  })

  await t.test('the sink gets the current token of the file, and no other receiver gets it', async (t) => {
    const [sink, receiver] = [await httpServer(t, (_, response) => response.writeHead(202).end()), await httpServer(t)]
    const folder = temporaryFolder(t, {})
    const teller = await tellerOf(t, [receiver.url], { K_SINK: sink.url, K_SINK_TOKEN_FILE: join(folder, 'token') })
    for (const token of [undefined, 'a.b.c\n', 'd.e.f']) {
      if (token !== undefined) writeFileSync(join(folder, 'token'), token)
      const { job_uuid: id } = await endedJob([{ kind: 'sink' }, hook(receiver.url)])
      await teller.ping()
      await poll(
        'both callbacks are delivered',
        async () => (await readRecord(store, id))!.record.callbacks!.every(({ state }) => state === 'delivered')
      )
    }
    t.strictSame(sink.received.map(({ headers }) => headers.authorization), [undefined, 'Bearer a.b.c', 'Bearer d.e.f'])
    t.ok(receiver.received.every(({ headers }) => headers.authorization === undefined))
  })

  await t.test('a running job gets its callback, and its marker stays', async (t) => {
    const receiver = await httpServer(t)
    const teller = await tellerOf(t, [receiver.url])
    const running = advance(
      newRecord({ state: 'pending', targets: [hook(receiver.url, { events: ['running'] })], job_uid: 'none' }),
      { state: 'running', started_at: new Date().toISOString() },
      new Date()
    )!
    await createRecord(store, running)
    await putObject(store, markerKey(running.job_uuid), '', {}, 'unconditional')
    await teller.ping()
    await callbackOf(running.job_uuid, ({ state }) => state === 'delivered')
    t.match(verified(receiver.received[0]!), {
      type: 'org.gx4ki.job.running',
      data: { state: 'running', reason: null, message: null, exit_code: null, results: null }
    })
  })
})
