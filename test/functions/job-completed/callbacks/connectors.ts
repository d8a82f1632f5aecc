import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CALLBACK_DUE } from '../../../../shared/events/remind.ts'
import type { Connector } from '../../../../shared/connector/connectors.ts'
import { advance } from '../../../../shared/job/advance.ts'
import type { Attempt } from '../../../../shared/job/callbacks/callback.ts'
import type { JobRecord } from '../../../../shared/job/job-record.ts'
import { sealDestination } from '../../../../shared/job/transfers/push-destination.ts'
import { createRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { transferOf } from '../../../../shared/job/transfers/transfer-of.ts'
import type { Transfer } from '../../../../shared/job/transfers/transfer.ts'
import { markerKey } from '../../../../shared/store/bucket-layout.ts'
import { headObject, putObject } from '../../../../shared/store/object-store.ts'
import { clusterOf } from '../../../support/cluster-of.ts'
import { completedWith } from '../../../support/completed-server.ts'
import { httpServer } from '../../../support/http-server.ts'
import { testKubernetes } from '../../../support/local-kubernetes.ts'
import { newRecord } from '../../../support/new-record.ts'
import { poll } from '../../../support/poll.ts'
import { testStore } from '../../../support/store.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const RESULT_TOKEN_KEY = randomBytes(32).toString('hex')

/** A job-completed with one connector, which answers with this status. */
async function told (
  t: Test,
  status: number,
  protocol: Connector['protocol'],
  more: (url: string) => Partial<Connector> = (url) => ({ management_url: `${url}/management` })
) {
  const store = await testStore(t)
  const place = { store, cluster: clusterOf(await testKubernetes(t)) }
  const connector = await httpServer(t, (_, response) => response.writeHead(status).end())
  const folder = temporaryFolder(t, {
    'provider.yaml': JSON.stringify({
      name: 'provider',
      protocol,
      callback_origins: [connector.url],
      ...more(connector.url)
    }),
    'provider.management-key': 'geheim-1\n',
    'provider.control-key': 'geheim-2'
  })
  const server = await completedWith(t, place, {
    EGRESS_ALLOWED_ORIGINS: '',
    EGRESS_DENIED_RANGES: '',
    PUBLIC_URL: 'https://jobs.example.org',
    CONNECTORS_DIR: folder,
    CONNECTOR_SECRETS_DIR: folder,
    RESULT_TOKEN_KEY
  })
  const transfer: Transfer = {
    kind: protocol,
    connector: 'provider',
    transfer: 'a/b',
    asset: 'asset',
    resource_definition: 'definition',
    callback_address: `${connector.url}/callback`,
    result: { file: 'ü.txt' },
    answered_at: new Date(0).toISOString()
  }
  /** Creates a job that has just ended, and returns its record after every callback was tried (again). */
  async function ends (
    state: 'succeeded' | 'failed',
    change: Partial<Transfer> = {},
    earlier: Attempt[] = []
  ): Promise<JobRecord> {
    const record = advance(newRecord({ state: 'pending', targets: [{ ...transfer, ...change } as Transfer] }), {
      state,
      ...(state === 'failed' && { reason: 'DeadlineExceeded' })
    }, new Date())!
    if (change.sealed_destination !== undefined) {
      transferOf(record)!.sealed_destination = sealDestination(RESULT_TOKEN_KEY, record.job_uuid, {
        url: `${connector.url}/sink`,
        header: {}
      })
    }
    for (const callback of record.callbacks!) callback.attempts = earlier
    await putObject(store, markerKey(record.job_uuid), '', {}, 'unconditional')
    await createRecord(store, record)
    await server.ping()
    return await poll('every callback was tried', async () => {
      const now = (await readRecord(store, record.job_uuid))!.record
      return now.callbacks?.every(({ attempts }) =>
        attempts.slice(earlier.length).some(({ status, error }) => status !== undefined || error !== undefined)
      ) && now
    })
  }
  return { connector, ends, folder, store }
}

const statesOf = ({ callbacks = [] }: JobRecord): string[] => callbacks.map(({ call, state }) => `${call} ${state}`)

await t.test('409 after an attempt whose answer was not seen is no end: that attempt may have started the transfer', async (t) => {
  const { ends } = await told(t, 409, 'http-provisioner')
  const record = await ends('succeeded', {}, [{ at: new Date(0).toISOString(), error: 'Timeout' }])
  t.strictSame(statesOf(record), ['provision delivered'])
  t.equal(transferOf(record)!.ended_at, undefined, 'the consumer can pull')
})

await t.test("the outcome of each status of a connector's answer", async (t) => {
  const table: Array<[number, string, boolean]> = [
    [204, 'provision delivered', false],
    [409, 'provision delivered', true],
    [400, 'provision dead', false],
    [415, 'provision dead', false],
    [401, 'provision owed', false],
    [404, 'provision owed', false],
    [503, 'provision owed', false],
    [302, 'provision owed', false]
  ]
  for (const [status, state, isOver] of table) {
    const { ends } = await told(t, status, 'http-provisioner')
    const record = await ends('succeeded')
    t.strictSame(statesOf(record), [state], `${status}`)
    t.equal(transferOf(record)!.ended_at !== undefined, isOver, `${status}: whether the transfer has ended`)
  }
})

await t.test('the request to the HTTP provisioner webhook', async (t) => {
  const { connector, ends, store } = await told(t, 204, 'http-provisioner')
  const { job_uuid: id } = await ends('succeeded')
  const [{ url, headers, body }] = connector.received as [typeof connector.received[0]]
  t.equal(url, '/callback/a%2Fb/provision')
  t.match(headers, { 'x-api-key': 'geheim-1', 'content-type': 'application/json' })
  t.match(JSON.parse(body.toString()), {
    edctype: 'dataspaceconnector:provisioner-callback-request',
    resourceDefinitionId: 'definition',
    contentDataAddress: {
      properties: {
        'https://w3id.org/edc/v0.0.1/ns/type': 'HttpData',
        'https://w3id.org/edc/v0.0.1/ns/baseUrl': `https://jobs.example.org/job/${id}/result?file=%C3%BC.txt`
      }
    }
  })
  await poll('the marker is removed', async () => await headObject(store, markerKey(id)) === undefined)
})

await t.test('a call that is due in seconds waits for no further ping', async (t) => {
  const { connector, ends } = await told(t, 204, 'http-provisioner')
  const answered = new Date()
  await ends('succeeded', { answered_at: answered.toISOString() })
  t.equal(connector.received.length, 1)
  t.ok(Date.now() - answered.getTime() >= 3000, 'and is not made earlier')
})

await t.test('an event reminds of the due calls of a job, and is answered only when they are due', async (t) => {
  const store = await testStore(t)
  const reminded: string[] = []
  const hook = await httpServer(t)
  const { send, ping, url } = await completedWith(t, { store, cluster: clusterOf(await testKubernetes(t)) }, {
    K_SINK: hook.url,
    remind: async (id) => reminded.push(id) > 0
  })
  const record = advance(newRecord({ state: 'pending', targets: [{ kind: 'sink' }] }), { state: 'failed' }, new Date())!
  const due = Date.now() + 2000
  record.callbacks![0]!.due_at = new Date(due).toISOString()
  const id = record.job_uuid
  await putObject(store, markerKey(id), '', {}, 'unconditional')
  await createRecord(store, record)
  await ping()
  await poll('the function sends a reminder', () => reminded.length > 0)
  t.equal(hook.received.length, 0)
  const remind = async (subject: string): Promise<Response> =>
    await fetch(url, {
      method: 'POST',
      headers: { 'ce-id': '1', 'ce-source': '/a', 'ce-type': CALLBACK_DUE, 'ce-specversion': '1.0', 'ce-subject': subject }
    })
  t.equal((await remind(id)).status, 204)
  t.ok(Date.now() >= due, 'the request keeps the function running until then')
  await poll('the call is made', async () => (await readRecord(store, id))!.record.callbacks![0]!.state === 'delivered')
  for (const other of [id, newRecord().job_uuid, 'none']) t.equal((await remind(other)).status, 204, 'nothing is due')
  t.equal(hook.received.length, 1)
  t.equal((await send(undefined, { type: CALLBACK_DUE })).status, 204, 'without a subject')
})

await t.test('a failure terminates the transfer at the Management API, with the reason', async (t) => {
  for (const status of [204, 409]) {
    const { connector, ends } = await told(t, status, 'http-provisioner')
    const record = await ends('failed')
    t.strictSame(statesOf(record), ['terminate delivered'])
    t.ok(transferOf(record)!.ended_at)
    const [{ url, headers, body }] = connector.received as [typeof connector.received[0]]
    t.equal(url, '/management/v3/transferprocesses/a%2Fb/terminate')
    t.equal(headers['x-api-key'], 'geheim-1')
    t.strictSame(JSON.parse(body.toString()), {
      '@context': { '@vocab': 'https://w3id.org/edc/v0.0.1/ns/' },
      '@type': 'TerminateTransfer',
      reason: `job ${record.job_uuid} failed: DeadlineExceeded`
    })
  }
})

await t.test('the record has the reason why a request was not sent', async (t) => {
  const mute = await told(t, 204, 'http-provisioner', () => ({}))
  t.match((await mute.ends('failed')).callbacks, [{ state: 'owed', attempts: [{ error: 'NoManagementUrl' }] }])
  const elsewhere = await told(t, 204, 'http-provisioner')
  t.match((await elsewhere.ends('succeeded', { callback_address: 'http://127.0.0.1:1' })).callbacks, [{
    state: 'owed',
    attempts: [{ error: 'EgressDenied' }]
  }], 'an origin that is not in the table')
  const gone = await told(t, 204, 'http-provisioner')
  writeFileSync(join(gone.folder, 'provider.yaml'), 'name: other')
  t.match((await gone.ends('succeeded')).callbacks, [{ state: 'owed', attempts: [{ error: 'UnknownConnector' }] }])
  t.strictSame([...mute.connector.received, ...elsewhere.connector.received, ...gone.connector.received], [])
})

await t.test("EDC's own signaling: complete follows a push, fail ends the transfer", async (t) => {
  const { connector, ends } = await told(t, 204, 'edc-signaling')
  t.strictSame(statesOf(await ends('succeeded')), ['provisioned delivered'])
  const failed = await ends('failed')
  t.ok(transferOf(failed)!.ended_at)
  t.match(connector.received.map(({ url, headers, body }) => [url, headers['x-api-key'], body.toString()]), [
    ['/callback/transferprocess/a%2Fb/provisioned', 'geheim-2', ''],
    ['/callback/transferprocess/a%2Fb/fail', 'geheim-2', /^\{"errorMessage":"job .* failed: DeadlineExceeded"\}$/]
  ])
})

await t.test('Data Plane Signaling: a failure goes to the Management API, and so does a push without data', async (t) => {
  const { connector, ends } = await told(t, 200, 'dataplane-signaling')
  await ends('failed')
  t.match(connector.received.at(-1), { url: /terminate$/ })
  const pushed = await ends('succeeded', { sealed_destination: 'to be' })
  t.strictSame(statesOf(pushed), ['started delivered', 'push dead', 'fail delivered'])
  t.match(pushed.callbacks![1]!.attempts, [{ error: 'ResultMissing' }])
  t.match(
    JSON.parse(connector.received.at(-1)!.body.toString()).reason,
    /^job .* succeeded, but its results could not be sent to the consumer: ResultMissing at 127\.0\.0\.1:\d+$/
  )
  const toUs = await ends('succeeded', { sealed_destination: 'to be', result: 'archive' })
  t.match(toUs.callbacks![1]!.attempts, [{ error: 'EgressDenied' }], 'a push must not go to an origin of the connector')
  const plain = await told(t, 200, 'dataplane-signaling', () => ({}))
  await plain.ends('failed')
  t.match(plain.connector.received.at(-1), { url: '/callback/transfers/a%2Fb/dataflow/errored' })
})
