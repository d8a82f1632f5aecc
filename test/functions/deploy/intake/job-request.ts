import { CloudEvent, HTTP } from 'cloudevents'
import t, { type Test } from 'tap'
import { startBroker } from '../../../../knative/local/eventing/broker.ts'
import type { Trigger } from '../../../../knative/local/manifests.ts'
import { advance } from '../../../../shared/job/advance.ts'
import { advanceRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { completedWith } from '../../../support/completed-server.ts'
import { deployServer, deployWith, keysOf } from '../../../support/deploy-server.ts'
import { httpServer } from '../../../support/http-server.ts'
import { poll } from '../../../support/poll.ts'
import { problemAbout } from '../../../support/problem-of.ts'
import { readYaml } from '../../../support/read-yaml.ts'

await t.test('an event may request a job', async (t) => {
  const { store, cluster, url } = await deployServer(t, {
    takesJobRequests: true,
    hasSink: true,
    publicUrl: 'https://jobs.example.org'
  })

  async function request (
    data: unknown,
    { to = url, source = '/robots', id = 'one', mode = 'binary' }: {
      to?: string
      source?: string
      id?: string
      mode?: 'binary' | 'structured'
    } = {}
  ): Promise<Response> {
    const { headers, body } = HTTP[mode](
      new CloudEvent({ id, source, type: 'org.gx4ki.job.requested', datacontenttype: 'application/json', data })
    )
    return await fetch(to, { method: 'POST', headers: headers as Record<string, string>, body: body as string })
  }

  await t.test('a repeated event creates one job, and the answer is the accepted event', async (t) => {
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, async () => await request({ template: 'other', env: { DURATION: 20 } })),
      request({ template: 'other', env: { DURATION: 20 } }, { mode: 'structured' })
    ])
    const bodies = await Promise.all(answers.map(async (answer) => await answer.json() as { job_uuid: string }))
    const [{ job_uuid: id }] = bodies as [{ job_uuid: string }]
    for (const [index, answer] of answers.entries()) {
      t.equal(answer.status, 200)
      t.match(Object.fromEntries(answer.headers), {
        'ce-specversion': '1.0',
        'ce-type': 'org.gx4ki.job.accepted',
        'ce-id': `${id}-accepted`,
        'ce-source': 'https://jobs.example.org/job',
        'ce-subject': id,
        'content-type': /^application\/json/
      })
      t.match(bodies[index], {
        job_uuid: id,
        state: 'accepted',
        template: 'other',
        links: { self: `https://jobs.example.org/job/${id}` }
      })
    }
    t.match((await readRecord(store, id))!.record, {
      template: 'other',
      env: { DURATION: '20' },
      owner: 'event:/robots',
      targets: [{ kind: 'sink' }]
    })
    t.equal((await cluster.jobs()).filter(({ metadata }) => metadata!.name!.endsWith(id)).length, 1)
  })

  await t.test('another source or id gives another job; another request with the same ones is refused', async (t) => {
    const idOf = async (answer: Promise<Response>) => (await (await answer).json() as { job_uuid: string }).job_uuid
    const ids = await Promise.all([
      idOf(request({}, { id: 'a' })),
      idOf(request({}, { id: 'b' })),
      idOf(request({}, { id: 'a', source: '/others' })),
      idOf(request(undefined, { id: 'c' }))
    ])
    t.equal(new Set(ids).size, 4)
    t.equal((await request({ template: 'other' }, { id: 'a' })).status, 422, 'a Broker does not retry this status')
  })

  await t.test('a value arrives as it was sent, or is refused by its name', async (t) => {
    const types = { binary: 'application/json', structured: 'application/cloudevents+json' } as const
    const send = async (mode: keyof typeof types, id: string, data: string | Buffer): Promise<Response> => {
      const attributes = { specversion: '1.0', id, source: '/exact', type: 'org.gx4ki.job.requested' }
      const ce = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value])
      const whole = JSON.stringify(attributes).replace(/\}$/, () => `,"data":${data.toString('latin1')}}`)
      return await fetch(url, {
        method: 'POST',
        headers: { 'content-type': types[mode], ...(mode === 'binary' && Object.fromEntries(ce)) },
        body: mode === 'binary' ? new Uint8Array(Buffer.from(data)) : new Uint8Array(Buffer.from(whole, 'latin1'))
      })
    }
    for (const mode of ['binary', 'structured'] as const) {
      for (const [index, digits] of ['9007199254740993', '1.10'].entries()) {
        const answer = await send(mode, `${mode} ${index}`, Buffer.from(`{"env":{"NAME":${digits}}}`))
        const { job_uuid: id } = await answer.json() as { job_uuid: string }
        t.match((await readRecord(store, id))!.record, { env: { NAME: digits } }, `${mode} ${digits}`)
      }
      for (
        const [data, field] of [
          [Buffer.from('{"env":{"NAME":"a","NAME":"b"}}'), 'data.env.NAME'],
          [Buffer.from('{"env":{"NAME":"\\ud800"}}'), 'data.env.NAME'],
          [Buffer.from('{"env":{"NAME":"größer"}}', 'latin1'), 'body']
        ] as const
      ) {
        await problemAbout(t, await send(mode, 'bad', data), field, 400, 'invalid-event')
      }
    }
  })

  await t.test('the owner is the source, with invalid characters replaced', async (t) => {
    const { job_uuid: id } = await (await request({}, { source: `urn:x?~&${'y'.repeat(200)}` })).json() as {
      job_uuid: string
    }
    t.match((await readRecord(store, id))!.record.owner, /^event:urn:x___y+$/)
    t.equal((await readRecord(store, id))!.record.owner!.length, 128)
  })

  await t.test('job and answer have the trace context of the request, else that of the event', async (t) => {
    const [brought, made] = [
      '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    ] as const
    for (
      const [id, mode, header, extension, expected] of [
        ['both', 'binary', { traceparent: brought }, { traceparent: made }, brought],
        ['its own', 'binary', {}, { traceparent: made }, made],
        ['structured', 'structured', {}, { traceparent: made }, made],
        ['nonsense', 'structured', {}, { traceparent: 'nonsense' }, undefined],
        ['none', 'binary', {}, {}, undefined]
      ] as const
    ) {
      const { headers, body } = HTTP[mode](
        new CloudEvent({ id, source: '/traced', type: 'org.gx4ki.job.requested', data: {}, ...extension })
      )
      const answer = await fetch(url, {
        method: 'POST',
        headers: { ...headers as Record<string, string>, ...header },
        body: body as string
      })
      t.equal(answer.headers.get('ce-traceparent'), expected ?? null, id)
      t.equal(
        (await readRecord(store, (await answer.json() as { job_uuid: string }).job_uuid))!.record.traceparent,
        expected,
        id
      )
    }
  })

  await t.test('an invalid request is refused with 400, and the answer names the field', async (t) => {
    const before = await keysOf(store)
    for (
      const [data, field, kind] of [
        ['"text"', 'data', 'invalid-event'],
        [[], 'data', 'invalid-event'],
        [{ more: 1 }, 'data.more', 'invalid-event'],
        [{ env: { DURATION: {} } }, 'data.env.DURATION', 'invalid-event'],
        [{ env: { DURATION: 0 } }, 'env.DURATION', 'invalid-request'],
        [{ template: 'none' }, 'template', 'unknown-template'],
        [{ callback: { url: 'https://10.0.0.1' } }, 'callback.url', 'invalid-request']
      ] as const
    ) await problemAbout(t, await request(data, { id: JSON.stringify(data) }), field, 400, kind)
    t.strictSame(await keysOf(store), before)
  })

  await t.test('data that are not JSON request no job', async (t) => {
    const before = await keysOf(store)
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'ce-specversion': '1.0',
        'ce-id': 'octets',
        'ce-source': '/robots',
        'ce-type': 'org.gx4ki.job.requested',
        'content-type': 'application/octet-stream'
      },
      body: '{}'
    })
    await problemAbout(t, answer, 'datacontenttype', 400, 'invalid-event')
    t.strictSame(await keysOf(store), before)
  })

  await t.test('through a Broker: a structured event without a media type requests a job', async (t) => {
    const listener = await httpServer(t)
    const { broker } = await throughBroker(t, listener.url)
    const plain = { specversion: '1.0', id: 'plain', source: '/plain', type: 'org.gx4ki.job.requested' }
    const answer = await fetch(broker, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify({ ...plain, data: { template: 'other', env: { DURATION: 30 } } })
    })
    t.equal(answer.status, 202)
    t.strictSame(listener.received.map(({ headers }) => headers['ce-type']), ['org.gx4ki.job.accepted'])
    const id = listener.received[0]!.headers['ce-subject'] as string
    t.match((await readRecord(store, id))!.record, { template: 'other', env: { DURATION: '30' }, owner: 'event:/plain' })
  })

  await t.test('without the setting such events are refused', async (t) => {
    const closed = await deployWith(t, { store, cluster })
    await problemAbout(t, await request({}, { to: closed.url, id: 'closed' }), 'type', 400, 'invalid-event')
  })

  await t.test('through a Broker: a subscriber with a Trigger gets the events from start to end', async (t) => {
    const listener = await httpServer(t)
    const triggers = await throughBroker(t, listener.url)
    const types = () => listener.received.map(({ headers }) => headers['ce-type'])
    t.equal((await request({ template: 'other' }, { to: triggers.broker, id: 'through' })).status, 202)
    t.strictSame(types(), ['org.gx4ki.job.accepted'])
    const id = listener.received[0]!.headers['ce-subject'] as string
    await advanceRecord(
      store,
      id,
      (record) => advance(record, { state: 'canceled', reason: 'CancelRequested' }, new Date())
    )
    await triggers.ping()
    await poll('the event of the end is delivered', () => listener.received.length > 1)
    t.strictSame(types(), ['org.gx4ki.job.accepted', 'org.gx4ki.job.canceled'])
    t.match(listener.received[1]!.headers, { 'ce-subject': id, 'ce-source': '/job' })
    t.strictSame(triggers.lines, [], 'the Broker delivered nothing else')
  })

  /** Starts a local Broker with the Triggers of the component and those of a listener. job-completed sends to it. */
  async function throughBroker (t: Test, listener: string) {
    const ours = readYaml('knative/components/job-events').filter(({ kind }) =>
      kind === 'Trigger'
    ) as unknown as Trigger[]
    const delivery = { ...ours[0]!.spec.delivery, retry: 0 }
    const listening = (type: string): Trigger => ({
      metadata: { name: type, namespace: 'here' },
      spec: { filter: { attributes: { type } }, subscriber: { ref: { kind: 'Service', name: 'listener' } }, delivery }
    })
    const lines: string[] = []
    const urls: Record<string, string> = { deploy: url, listener, 'job-completed': listener }
    const broker = await startBroker({
      triggers: [...ours, listening('org.gx4ki.job.accepted'), listening('org.gx4ki.job.canceled')],
      urlOf: ({ ref, uri = '/' }) => urls[ref.name]! + uri,
      log: (line) => lines.push(line)
    })
    t.teardown(() => broker.stop())
    const { ping } = await completedWith(t, { store, cluster }, { K_SINK: broker.url })
    return { broker: broker.url, ping, lines }
  }
})
