import t, { type Test } from 'tap'
import { resultToken } from '../../../../shared/access/result-token.ts'
import type { Connector } from '../../../../shared/connector/connectors.ts'
import { HTTP_PULL, HTTP_PUSH } from '../../../../shared/connector/data-flow.ts'
import { unsealDestination } from '../../../../shared/job/transfers/push-destination.ts'
import type { JobRecord } from '../../../../shared/job/job-record.ts'
import { advanceRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { callbackOf, owedCall } from '../../../../shared/job/transfers/transfer-calls.ts'
import { transferOf, withTransfer } from '../../../../shared/job/transfers/transfer-of.ts'
import { jobOfKey, MARKER_PREFIX, stateKey } from '../../../../shared/store/bucket-layout.ts'
import { putObject } from '../../../../shared/store/object-store.ts'
import { captured, exchangesOf } from '../../../support/captured.ts'
import { deployServer, keysOf, resultTokenKey } from '../../../support/deploy-server.ts'
import { httpServer } from '../../../support/http-server.ts'
import { poll } from '../../../support/poll.ts'
import { problemAbout, problemOf } from '../../../support/problem-of.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const KEY = 'a/key'
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
/** The push destinations of the captured transfers. */
const CONSUMERS = new Set(['http://127.0.0.1:15999', 'http://127.0.0.1:39999'])

/** Starts deploy with one connector that uses the protocol. */
async function connected (t: Test, protocol: Connector['protocol'], more: Partial<Connector> = {}) {
  const secrets = temporaryFolder(t, { 'provider.endpoint-key': KEY })
  const table: Connector[] = [{
    name: 'provider',
    protocol,
    callback_origins: ['http://127.0.0.1:39192', 'http://127.0.0.1:15192'],
    assets: { data: { template: 'test' } },
    assets_decide: true,
    ...more
  }]
  /** The jobs whose callbacks job-completed was reminded of. */
  const reminded: string[] = []
  const deploy = await deployServer(t, {
    remind: (id) => reminded.push(id),
    table,
    connectorSecrets: secrets,
    publicUrl: 'http://127.0.0.1:8080',
    egress: { allowed: CONSUMERS, denied: [] }
  })
  const base = `${deploy.url}/connector/provider/${encodeURIComponent(KEY)}/dataflows`
  return {
    deploy,
    reminded,
    base,
    post: async (path: string, body?: unknown, headers: Record<string, string> = {}) =>
      await fetch(base + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) })
      }),
    recordOf: async () => {
      const [id] = (await keysOf(deploy.store)).filter((key) => key.startsWith(MARKER_PREFIX)).map(jobOfKey)
      return (await readRecord(deploy.store, id!))!.record
    },
    /** Writes the end of the job as job-completed does. */
    async succeeds (call: 'provisioned' | 'started', state: 'owed' | 'delivered') {
      const [id] = (await keysOf(deploy.store)).filter((key) => key.startsWith(MARKER_PREFIX)).map(jobOfKey)
      await poll('the Job is created', async () => (await readRecord(deploy.store, id!))?.record.job_uid !== undefined)
      await advanceRecord(deploy.store, id!, (record) => {
        const done = { ...record, state: 'succeeded' as const, attempt: 'pod', revision: record.revision + 1 }
        return { ...done, callbacks: owedCall(done, call, new Date()).map((one) => ({ ...one, state })) }
      })
    }
  }
}

/** The record of the only job, when it has failed. */
async function failedOf (recordOf: () => Promise<JobRecord>): Promise<JobRecord> {
  return await poll('the job has failed', async () => {
    const record = await recordOf()
    return record.state === 'failed' && record
  })
}

/** A message of the published schema DataFlowStartMessage. */
const message = {
  messageId: 'message-1',
  participantId: 'provider',
  counterPartyId: 'consumer',
  dataspaceContext: 'here',
  processId: 'process-1',
  agreementId: 'agreement-1',
  datasetId: 'data',
  profile: HTTP_PULL,
  claims: { membership: 'active' }
}
const signaling = { signaling_url: 'http://127.0.0.1:39192/api/signaling', assets_decide: false }

await t.test("EDC's own signaling: the first start provisions, the second gets the address", async (t) => {
  const { post, succeeds, recordOf, deploy } = await connected(t, 'edc-signaling', { assets_decide: true })
  const [first, second] = exchangesOf('signaling-02-pull', 'start')
  const asked = {
    ...first!.body as object,
    sourceDataAddress: {
      ...(first!.body as any).sourceDataAddress,
      'dspace:endpointProperties': [{
        '@type': 'dspace:EndpointProperty',
        'dspace:name': 'https://w3id.org/edc/v0.0.1/ns/jobTemplate',
        'dspace:value': 'other'
      }, {
        '@type': 'dspace:EndpointProperty',
        'dspace:name': 'https://w3id.org/edc/v0.0.1/ns/duration',
        'dspace:value': '100'
      }]
    }
  }
  for (let round = 0; round < 2; round++) {
    const answer = await post('/start', asked, { traceparent })
    t.equal(answer.status, 200)
    t.strictSame(await answer.json(), first!.answer)
  }
  const record = await recordOf()
  t.match(record, {
    template: 'other',
    env: { DURATION: '100' },
    traceparent,
    targets: [{
      kind: 'edc-signaling',
      transfer: (first!.body as any).processId,
      callback_address: 'http://127.0.0.1:39192/control'
    }]
  })

  await succeeds('provisioned', 'delivered')
  const again = await (await post('/start', asked)).json() as any
  const values = Object.fromEntries(
    again.dataAddress['dspace:endpointProperties'].map((one: any) => [one['dspace:name'], one['dspace:value']])
  )
  t.strictSame(values, {
    'https://w3id.org/edc/v0.0.1/ns/endpoint': `http://127.0.0.1:8080/job/${record.job_uuid}/result?file=out.txt`,
    'https://w3id.org/edc/v0.0.1/ns/endpointType': 'https://w3id.org/idsa/v4.1/HTTP',
    'https://w3id.org/edc/v0.0.1/ns/authorization': resultToken(resultTokenKey, record.job_uuid),
    'https://w3id.org/edc/v0.0.1/ns/authType': 'bearer'
  })
  const withoutValues = (address: any): any =>
    JSON.parse(JSON.stringify(address, (key, value) => key === 'dspace:value' ? '' : value))
  t.strictSame(withoutValues(again), withoutValues(second!.answer))
  t.equal((await deploy.cluster.jobs()).length, 1)
  t.strictSame((await recordOf()).callbacks?.map(({ call }) => call), ['provisioned'])
})

await t.test("EDC's own signaling: an asset that can never be run is refused by a call, and runs no default template", async (t) => {
  const [start] = exchangesOf('signaling-02-pull', 'start')
  const weather = (properties: Record<string, string>) => ({
    ...start!.body as object,
    datasetId: 'weather',
    sourceDataAddress: {
      '@type': 'DataAddress',
      endpointProperties: Object.entries(properties).map(([name, value]) => ({ name, value }))
    }
  })
  const base = { type: 'HttpData', baseUrl: 'https://weather.example.org' }
  const table = {
    listed: { result: 'archive' },
    gone: { template: 'gone' },
    wrong: { template: 'test', env: { DURATION: 'long' } }
  } as const
  const refused: [object, RegExp][] = [
    [weather({}), /^The data address of the asset weather has no property jobTemplate/],
    [weather(base), /^The data address of the asset weather has no property jobTemplate/],
    [{ ...weather({}), sourceDataAddress: undefined }, /has no property jobTemplate/],
    [weather({ ...base, jobTemplate: 'test', duration: 'long' }), /^env\.DURATION must be integer\. Correct the asset/],
    [{ ...weather({}), datasetId: 'listed' }, /^The asset listed has no template in the connector table/],
    [{ ...weather({}), datasetId: 'gone' }, /^There is no template gone/],
    [{ ...weather({}), datasetId: 'wrong' }, /^env\.DURATION must be integer/]
  ]
  for (const [body, message] of refused) {
    const { post, deploy, recordOf, reminded } = await connected(t, 'edc-signaling', { assets: table })
    // EDC repeats the message for 16 s after any other answer, and no other transfer continues in that time.
    const answer = await post('/start', body)
    t.equal(answer.status, 200)
    t.match(await answer.json(), { provisioning: true })
    const { job_uuid: id, ...record } = await failedOf(recordOf)
    t.match(record, { state: 'failed', reason: 'InvalidAsset', message })
    t.match(record.callbacks, [{ call: 'fail', state: 'owed' }])
    t.ok(record.callbacks![0]!.due_at! > record.finished_at!, 'the call waits until EDC has read the answer')
    // Not with the record: the reminder is sent after it.
    await poll('job-completed is reminded: the call does not wait for a ping', () => reminded.includes(id))
    t.match(await (await post('/start', body)).json(), { provisioning: true }, 'a repeated message changes nothing')
    t.equal((await recordOf()).job_uuid, id)
    t.strictSame(await deploy.cluster.jobs(), [])
  }
  const { post } = await connected(t, 'edc-signaling')
  t.equal((await post('/start', weather({ ...base, jobTemplate: 'test' }))).status, 200)
})

await t.test("EDC's own signaling: after a crash, a ping ends the job of a refused transfer", async (t) => {
  const { post, deploy, recordOf } = await connected(t, 'edc-signaling', { assets: { data: { template: 'gone' } } })
  const [start] = exchangesOf('signaling-02-pull', 'start')
  await post('/start', { ...start!.body as object, datasetId: 'data' })
  const { job_uuid: id } = await failedOf(recordOf)
  // As the record was before the work after the answer.
  const found = await readRecord(deploy.store, id)
  const { reason: _, message: __, callbacks: ___, finished_at: ____, expires_at: _____, ...before } = found!.record
  await putObject(deploy.store, stateKey(id), JSON.stringify({ ...before, state: 'accepted' }), {}, 'unconditional')
  t.equal((await deploy.ping()).status, 204)
  t.match(await recordOf(), { state: 'failed', reason: 'InvalidAsset', callbacks: [{ call: 'fail' }] })
  t.strictSame(await deploy.cluster.jobs(), [])
})

await t.test("EDC's own signaling: the second start begins a push, and only one", async (t) => {
  const { post, succeeds, recordOf, reminded } = await connected(t, 'edc-signaling', {
    assets: { [(exchangesOf('signaling-01-push', 'start')[0]!.body as any).datasetId]: { template: 'test' } }
  })
  const [first, second] = exchangesOf('signaling-01-push', 'start')
  t.strictSame(await (await post('/start', first!.body)).json(), first!.answer)
  const { job_uuid: id, targets } = await recordOf()
  t.notMatch(JSON.stringify(targets), /15999/, 'the destination is sealed')
  t.strictSame(unsealDestination(resultTokenKey, id, (targets![0] as any).sealed_destination), {
    url: 'http://127.0.0.1:15999/sink/result',
    header: {}
  })
  await succeeds('provisioned', 'owed')
  for (let round = 0; round < 2; round++) {
    t.strictSame(await (await post('/start', second!.body)).json(), { ...second!.answer as object })
  }
  const { callbacks } = await recordOf()
  t.strictSame(
    callbacks!.map(({ call, state }) => [call, state]),
    [['provisioned', 'dropped'], ['push', 'owed']],
    'the owed call `provisioned` is not needed any more, and stays visible'
  )
  t.ok(callbacks![1]!.due_at! <= new Date().toISOString(), 'the push is due at once')
  t.ok(reminded.includes(id), 'and does not wait for a ping')
})

await t.test('a resumed transfer pushes at once', async (t) => {
  const later = new Date(Date.now() + 3600_000).toISOString()
  const waiting = { attempts: [{ at: later, status: 503 }], due_at: later }
  const asset = (exchangesOf('signaling-01-push', 'start')[0]!.body as any).datasetId
  const edc = await connected(t, 'edc-signaling', { assets: { [asset]: { template: 'test' } } })
  const dps = await connected(t, 'dataplane-signaling', signaling)
  const push = { profile: HTTP_PUSH, dataAddress: { endpoint: 'https://consumer.example.com/in' } }
  const [first] = exchangesOf('signaling-01-push', 'start')
  const cases = [
    [edc, first!.body as object, (first!.body as any).processId, '/start', first!.body],
    [dps, { ...message, ...push }, message.processId, `/${message.processId}/resume`, { messageId: 'm' }]
  ] as const
  for (const [{ deploy, post, succeeds, recordOf, reminded }, start, flow, path, body] of cases) {
    t.ok((await post('/start', start)).ok)
    await succeeds(path === '/start' ? 'provisioned' : 'started', 'delivered')
    const { job_uuid: id } = await recordOf()
    await advanceRecord(deploy.store, id, (record) => ({
      ...record,
      callbacks: owedCall(record, 'push', new Date()).map((one) => one.call === 'push' ? { ...one, ...waiting } : one)
    }))
    t.equal((await post(`/${flow}/suspend`, {})).status, 200)
    reminded.length = 0
    t.ok((await post(path, body)).ok)
    const resumed = callbackOf(await recordOf(), 'push')!
    t.ok(resumed.due_at! < later)
    t.equal(resumed.attempts.length, 1, 'the suspension is no try')
    t.strictSame(reminded, [id])
  }
})

await t.test('a job that made no file of the wanted name gives no address', async (t) => {
  const [start] = exchangesOf('signaling-02-pull', 'start')
  const edc = await connected(t, 'edc-signaling', { assets: { [(start!.body as any).datasetId]: { template: 'test' } } })
  await edc.post('/start', start!.body)
  await edc.succeeds('provisioned', 'delivered')
  const missing = async ({ deploy, recordOf }: typeof edc) =>
    await advanceRecord(
      deploy.store,
      (await recordOf()).job_uuid,
      (record) => withTransfer(record, { result_missing: true })
    )
  await missing(edc)
  t.match(await (await edc.post('/start', start!.body)).json(), { provisioning: true, dataAddress: undefined })
  const dps = await connected(t, 'dataplane-signaling', signaling)
  await dps.post('/start', message)
  await dps.succeeds('started', 'owed')
  await missing(dps)
  t.strictSame(await (await fetch(`${dps.base}/process-1/status`)).json(), { dataFlowId: 'process-1', state: 'TERMINATED' })
})

await t.test('push destinations and headers that are refused', async (t) => {
  const [start] = exchangesOf('signaling-01-push', 'start')
  const addressed = (properties: Record<string, string>) => ({
    ...start!.body as object,
    datasetId: 'data',
    destinationDataAddress: {
      '@type': 'DataAddress',
      endpointProperties: Object.entries(properties).map(([name, value]) => ({
        name: `https://w3id.org/edc/v0.0.1/ns/${name}`,
        value
      }))
    }
  })
  const refused: Array<[Record<string, string>, string]> = [
    [{}, 'destinationDataAddress'],
    [{ baseUrl: 'http://consumer.example.com/in' }, 'destinationDataAddress.baseUrl'],
    [{ baseUrl: 'https://169.254.169.254/in' }, 'destinationDataAddress.baseUrl'],
    [{ baseUrl: 'http://127.0.0.1:39192/control' }, 'destinationDataAddress.baseUrl'],
    [
      { baseUrl: 'https://consumer.example.com/in', authKey: 'X Key', authCode: 'geheim' },
      'destinationDataAddress.authKey'
    ],
    [
      { baseUrl: 'https://consumer.example.com/in', authKey: 'Transfer-Encoding', authCode: 'geheim' },
      'destinationDataAddress.authKey'
    ],
    [
      { baseUrl: 'https://consumer.example.com/in', authKey: 'X-Key', authCode: 'geheim\r\nhost: other' },
      'destinationDataAddress.authCode'
    ],
    [
      { baseUrl: 'https://consumer.example.com/in', authorization: 'geheim\u0000' },
      'destinationDataAddress.authorization'
    ]
  ]
  for (const [properties, field] of refused) {
    const { post, recordOf, deploy } = await connected(t, 'edc-signaling')
    t.equal((await post('/start', addressed(properties))).status, 200)
    const record = await failedOf(recordOf)
    t.equal(record.reason, 'InvalidDestination')
    t.match(record.message, new RegExp(`^${field} .*Start another transfer, with another destination\\.$`))
    t.notMatch(JSON.stringify(record), /geheim/)
    t.strictSame(await deploy.cluster.jobs(), [])
  }
  const edc = await connected(t, 'edc-signaling')
  t.equal(
    (await edc.post(
      '/start',
      addressed({ baseUrl: 'https://consumer.example.com/in', authKey: 'X-Key', authCode: 'geheim' })
    )).status,
    200
  )
  const { job_uuid: id, targets } = await edc.recordOf()
  t.strictSame(unsealDestination(resultTokenKey, id, (targets![0] as any).sealed_destination), {
    url: 'https://consumer.example.com/in',
    header: { 'X-Key': 'geheim' }
  })
})

await t.test("EDC's own signaling: terminate cancels the job, suspend blocks results, start allows them", async (t) => {
  const { post, recordOf, deploy, base } = await connected(t, 'edc-signaling', {
    assets: {
      [(exchangesOf('signaling-04-consumer-terminates', 'start')[0]!.body as any).datasetId]: { template: 'test' }
    }
  })
  const [start] = exchangesOf('signaling-04-consumer-terminates', 'start')
  const [terminate] = captured('signaling-04-consumer-terminates').filter(({ kind }) => kind === 'signal')
  t.equal((await fetch(`${base}/check`)).status, 200)
  await post('/start', start!.body)
  const flow = `/${(start!.body as any).processId}`
  t.equal((await post(`${flow}/suspend`, { '@type': 'DataFlowSuspendMessage' })).status, 200)
  t.ok(transferOf(await recordOf())!.suspended_at)
  await post('/start', start!.body)
  t.notOk(transferOf(await recordOf())!.suspended_at)
  t.equal((await post(terminate!.path!.replace('/dataflows', ''), terminate!.body)).status, 200)
  t.match(await recordOf(), { stop: { reason: 'TransferEnded' }, targets: [{ ended_at: String }] })
  await poll(
    'the Job is being deleted',
    async () => (await deploy.cluster.jobs()).every(({ metadata }) => metadata?.deletionTimestamp !== undefined)
  )
  await problemOf(t, await post('/start', start!.body), 409, 'transfer-ended')
  for (const signal of ['suspend', 'terminate']) {
    t.equal((await post(`/removed/${signal}`, {})).status, 200, 'EDC repeats a signal that is refused')
  }
  const dps = await connected(t, 'dataplane-signaling', signaling)
  for (const signal of ['suspend', 'terminate']) {
    await problemOf(t, await dps.post(`/unknown/${signal}`, {}), 404, 'unknown-transfer')
  }
})

await t.test('Data Plane Signaling: start, status, suspend, resume, completed', async (t) => {
  const { post, base, succeeds, recordOf } = await connected(t, 'dataplane-signaling', signaling)
  const status = async () => await (await fetch(`${base}/process-1/status`)).json()
  for (let round = 0; round < 2; round++) {
    const answer = await post('/start', message, { traceparent })
    t.equal(answer.status, 202)
    t.equal(answer.headers.get('location'), '/dataflows/process-1/status')
    t.match(await answer.json(), { messageId: String, dataFlowId: 'process-1', state: 'STARTING' })
  }
  await problemOf(t, await post('/start', { ...message, messageId: 'message-2' }), 409, 'conflict')
  t.strictSame(await status(), { dataFlowId: 'process-1', state: 'STARTING' })
  t.equal(transferOf(await recordOf())!.callback_address, signaling.signaling_url)
  t.equal((await recordOf()).traceparent, traceparent)

  await succeeds('started', 'delivered')
  t.strictSame(await status(), { dataFlowId: 'process-1', state: 'STARTED' })
  t.equal((await post('/process-1/suspend', { messageId: 'm' })).status, 200)
  t.strictSame(await status(), { dataFlowId: 'process-1', state: 'SUSPENDED' })
  const resumed = await post('/process-1/resume', { messageId: 'm' })
  t.equal(resumed.status, 200)
  const { job_uuid: id } = await recordOf()
  t.match(await resumed.json(), {
    state: 'STARTED',
    dataAddress: {
      '@type': 'DataAddress',
      endpointType: HTTP_PULL,
      endpoint: `http://127.0.0.1:8080/job/${id}/result?file=out.txt`,
      endpointProperties: [{ name: 'authorization', value: resultToken(resultTokenKey, id) }, {
        name: 'authType',
        value: 'bearer'
      }]
    }
  })
  t.equal((await post('/process-1/started', { messageId: 'm' })).status, 200)
  t.equal((await post('/process-1/completed')).status, 200, 'without a body')
  t.strictSame(await status(), { dataFlowId: 'process-1', state: 'COMPLETED' })
})

await t.test('Data Plane Signaling: the field names of EDC up to 0.18, and a push', async (t) => {
  const { post, recordOf } = await connected(t, 'dataplane-signaling', { assets_decide: false })
  const { profile: _, processId, ...older } = message
  const dataAddress = {
    '@type': 'DataAddress',
    endpointType: HTTP_PUSH,
    endpoint: 'https://consumer.example.com/in',
    endpointProperties: [{ name: 'authorization', value: 'geheim' }, { name: 'authType', value: 'bearer' }]
  }
  const answer = await post('/start', {
    ...older,
    dataFlowId: processId,
    transferType: 'HttpData-PUSH',
    callbackAddress: 'http://127.0.0.1:39192/signaling',
    dataAddress
  })
  t.equal(answer.status, 202)
  const record = await recordOf()
  t.notMatch(JSON.stringify(record), /geheim/)
  const transfer = transferOf(record)!
  t.match(transfer, { transfer: 'process-1', callback_address: 'http://127.0.0.1:39192/signaling' })
  t.strictSame(unsealDestination(resultTokenKey, record.job_uuid, transfer.sealed_destination!), {
    url: 'https://consumer.example.com/in',
    header: { authorization: 'Bearer geheim' }
  })
  t.equal((await post('/process-1/terminate', { messageId: 'm', reason: 'enough' })).status, 200)
  t.match(await recordOf(), { stop: { reason: 'TransferEnded' } })
  t.equal(callbackOf(await recordOf(), 'started'), undefined)
})

await t.test('Data Plane Signaling: invalid messages are refused', async (t) => {
  const { post, base } = await connected(t, 'dataplane-signaling', signaling)
  const address = { endpoint: 'http://consumer.example.com/in' }
  await problemAbout(t, await post('/start', { ...message, dataAddress: address }), 'dataAddress')
  await problemAbout(t, await post('/start', { ...message, profile: HTTP_PUSH }), 'dataAddress')
  await problemAbout(
    t,
    await post('/start', { ...message, profile: HTTP_PUSH, dataAddress: address }),
    'dataAddress.endpoint'
  )
  await problemAbout(t, await post('/start', { ...message, datasetId: 7 }), 'datasetId')
  await problemAbout(t, await post('/start', { ...message, processId: undefined }), 'processId')
  await problemOf(t, await post('/start', { ...message, datasetId: 'other' }), 404, 'unknown-asset')
  await problemOf(
    t,
    await fetch(`${base}/start`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }),
    400,
    'invalid-request'
  )
  const deep = `{"more":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  await problemAbout(
    t,
    await fetch(`${base}/start`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: deep }),
    'more'
  )
  await problemAbout(t, await post('/prepare', { ...message, profile: HTTP_PUSH }), 'profile')
  t.match(await (await post('/prepare', message)).json(), { dataFlowId: 'process-1', state: 'PREPARED' })
})

await t.test('the key is accepted in the path and as a bearer token, and another key is refused', async (t) => {
  const { deploy, post } = await connected(t, 'dataplane-signaling', signaling)
  const plain = async (authorization: string) =>
    await fetch(`${deploy.url}/dataflows/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify(message)
    })
  await problemOf(t, await plain('Bearer wrong'), 401, 'unauthorized')
  await problemOf(
    t,
    await fetch(`${deploy.url}/connector/provider/wrong/dataflows/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message)
    }),
    401,
    'unauthorized'
  )
  await problemOf(
    t,
    await fetch(`${deploy.url}/provision?connector=provider&key=${encodeURIComponent(KEY)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        assetId: 'data',
        transferProcessId: 'a',
        resourceDefinitionId: 'b',
        callbackAddress: 'http://127.0.0.1:39192'
      })
    }),
    401,
    'unauthorized'
  )
  t.equal((await plain(`Bearer ${KEY}`)).status, 202)
  t.equal((await post('/start', message)).status, 202, 'it is the same transfer')
})

await t.test('a ping registers the data plane at registration_url, but not while the connector lists it', async (t) => {
  const listed: unknown[] = []
  const { url, received } = await httpServer(t, ({ method, body }, response) => {
    if (method === 'POST') listed.push(JSON.parse(body.toString()))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(method === 'GET' ? listed : {}))
  })
  const { deploy } = await connected(t, 'edc-signaling', { registration_url: `${url}/control` })
  for (let round = 0; round < 2; round++) t.equal((await deploy.ping()).status, 204)
  t.strictSame(received.map(({ method, url }) => `${method} ${url}`), [
    'GET /control/v1/dataplanes',
    'POST /control/v1/dataplanes',
    'GET /control/v1/dataplanes'
  ])
  t.match(JSON.parse(received[1]!.body.toString()), {
    '@type': 'DataPlaneInstance',
    '@id': 'gx4ki-jobs',
    url: 'http://127.0.0.1:8080/connector/provider/a%2Fkey/dataflows',
    allowedSourceTypes: ['SimulationJob']
  })

  const other = await connected(t, 'dataplane-signaling', { registration_url: `${url}/management/v4` })
  await other.deploy.ping()
  t.match({ ...received.at(-1), body: JSON.parse(received.at(-1)!.body.toString()) }, {
    method: 'PUT',
    url: '/management/v4/dataplanes',
    body: {
      dataplaneId: 'gx4ki-jobs',
      endpoint: 'http://127.0.0.1:8080/connector/provider/a%2Fkey/dataflows',
      profiles: [HTTP_PULL, HTTP_PUSH]
    }
  })
})
