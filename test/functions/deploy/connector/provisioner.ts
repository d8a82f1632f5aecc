import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Connector } from '../../../../shared/connector/connectors.ts'
import { advanceRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { owedCall } from '../../../../shared/job/transfers/transfer-calls.ts'
import { jobOfKey, MARKER_PREFIX } from '../../../../shared/store/bucket-layout.ts'
import { deployServer, keysOf } from '../../../support/deploy-server.ts'
import { poll } from '../../../support/poll.ts'
import { problemOf } from '../../../support/problem-of.ts'
import { stubConnector, type StubTransfer } from '../../../support/stub-connector.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

/** Starts deploy with one connector, and a stub of that connector. */
async function connected (t: Test, more: Partial<Connector> = {}) {
  const connector = await stubConnector(t)
  const secrets = temporaryFolder(t, {
    'provider.endpoint-key': 'the endpoint key\n',
    'provider.management-key': 'password'
  })
  const table: Connector[] = [{
    name: 'provider',
    protocol: 'http-provisioner',
    management_url: connector.url,
    assets: { 'asset-1': { template: 'test', env: { DURATION: 20 }, result: { file: 'a b.txt' } } },
    ...more
  }]
  /** The jobs whose callbacks job-completed was reminded of. */
  const reminded: string[] = []
  const remind = (id: string): number => reminded.push(id)
  const deploy = await deployServer(t, { table, connectorSecrets: secrets, publicUrl: 'http://127.0.0.1:8080', remind })
  const endpoint = (query = 'connector=provider&key=the%20endpoint%20key'): string => `${deploy.url}/provision?${query}`
  const recordOf = async () => {
    const [id] = (await keysOf(deploy.store)).filter((key) => key.startsWith(MARKER_PREFIX)).map(jobOfKey)
    return id === undefined ? undefined : (await readRecord(deploy.store, id))?.record
  }
  return { connector, deploy, endpoint, recordOf, secrets, reminded }
}

/** Changes a record to that of a succeeded job, as job-completed writes it, with its callback in this state. */
const succeeded = (call: 'owed' | 'delivered') => (record: any) => {
  const done = {
    ...record,
    state: 'succeeded',
    attempt: 'pod',
    expires_at: new Date(Date.now() + 1e8).toISOString(),
    revision: record.revision + 1
  }
  const callbacks = owedCall(done, 'provision', new Date())
  return { ...done, callbacks: callbacks.map((one) => ({ ...one, state: call })) }
}

await t.test('a transfer is accepted at once, and its job starts after the answer', async (t) => {
  const { connector, deploy, endpoint, recordOf } = await connected(t)
  const transfer = await connector.provision(endpoint())
  t.equal(transfer.state, 'PROVISIONING_REQUESTED')
  const record = await poll(
    'the Job is created',
    async () => await recordOf().then((now) => now?.job_uid !== undefined && now)
  )
  t.match(record, {
    state: 'pending',
    template: 'test',
    owner: 'connector:provider',
    env: { DURATION: '20' },
    targets: [{
      kind: 'http-provisioner',
      connector: 'provider',
      transfer: transfer.id,
      asset: 'asset-1',
      resource_definition: transfer.definition,
      callback_address: `${connector.url}/callback`,
      result: { file: 'a b.txt' }
    }]
  })
  t.equal((await deploy.cluster.jobs()).length, 1)
  t.notMatch(JSON.stringify(record), /endpoint key|password/, 'the record has no key')
})

await t.test('the record has the trace context of the request', async (t) => {
  const { connector, endpoint, recordOf } = await connected(t)
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const body = JSON.stringify({
    assetId: 'asset-1',
    transferProcessId: 'transfer',
    resourceDefinitionId: 'definition',
    callbackAddress: `${connector.url}/callback`
  })
  t.equal(
    (await fetch(endpoint(), { method: 'POST', headers: { 'content-type': 'application/json', traceparent }, body }))
      .status,
    200
  )
  t.equal((await recordOf())!.traceparent, traceparent)
})

await t.test('repeated requests create no second job, also when they are concurrent', async (t) => {
  const { connector, deploy, endpoint } = await connected(t)
  const transfer: StubTransfer = {
    id: 'transfer',
    definition: 'definition',
    asset: 'asset-1',
    state: 'PROVISIONING',
    callbacks: []
  }
  connector.transfers.set(transfer.id, transfer)
  const answers = await Promise.all(Array.from({ length: 12 }, async () => await connector.send(endpoint(), transfer)))
  t.strictSame(new Set(answers.map(({ status }) => status)), new Set([200]))
  t.equal((await connector.send(endpoint(), transfer)).status, 200)
  await poll('the Job is created', async () => (await deploy.cluster.jobs()).length > 0)
  t.equal((await keysOf(deploy.store)).filter((key) => key.startsWith('state/')).length, 1)
  t.equal((await deploy.cluster.jobs()).length, 1)
})

await t.test('a repeated request delays the callback until the connector has read the new answer', async (t) => {
  const { connector, deploy, endpoint, recordOf } = await connected(t)
  const transfer = await connector.provision(endpoint())
  const { job_uuid: id } = await poll(
    'the Job is created',
    async () => await recordOf().then((now) => now?.job_uid !== undefined && now)
  )
  await advanceRecord(deploy.store, id, succeeded('owed'))
  await connector.send(endpoint(), transfer)
  const answered = transfer.answeredAt!
  await poll('it is delayed', async () => Date.parse((await recordOf())!.callbacks![0]!.due_at!) >= answered + 900)
  t.equal((await recordOf())!.callbacks!.length, 1)
})

await t.test('the same request after the callback is a deprovision request', async (t) => {
  const { connector, deploy, endpoint, recordOf } = await connected(t)
  const transfer = await connector.provision(endpoint())
  const { job_uuid: id } = await poll(
    'the Job is created',
    async () => await recordOf().then((now) => now?.job_uid !== undefined && now)
  )
  await advanceRecord(deploy.store, id, succeeded('delivered'))
  transfer.state = 'DEPROVISIONING'
  t.equal((await connector.send(endpoint(), transfer)).status, 200)
  const record = await poll(
    'the transfer has ended',
    async () => await recordOf().then((now) => (now?.targets?.[0] as any).ended_at !== undefined && now)
  )
  t.equal(record.state, 'succeeded', 'the state of the job does not change')
  t.strictSame(record.callbacks?.map(({ state }) => state), ['delivered'])
  t.equal((await deploy.cluster.jobs()).length, 1)
})

await t.test('the same request after a callback that the connector lost makes the callback owed again', async (t) => {
  for (const more of [{}, { type: 'provision' as const }]) {
    const { connector, deploy, endpoint, recordOf, reminded } = await connected(t)
    const transfer = await connector.provision(endpoint(), more)
    const { job_uuid: id } = await poll(
      'the Job is created',
      async () => await recordOf().then((now) => now?.job_uid !== undefined && now)
    )
    await advanceRecord(deploy.store, id, succeeded('delivered'))
    t.equal((await connector.send(endpoint(), transfer, more)).status, 200)
    await poll('the callback is owed again', async () => (await recordOf())!.callbacks![0]!.state === 'owed')
    await poll('job-completed is reminded of it', () => reminded.length === 1)
    t.notOk((await recordOf())!.targets!.some((target) => 'ended_at' in target))
  }
})

await t.test('a deprovision request of EDC 0.11 ends the transfer, and cancels a running job', async (t) => {
  const { connector, deploy, endpoint, recordOf } = await connected(t)
  const transfer = await connector.provision(endpoint(), { type: 'provision' })
  await poll('the Job is created', async () => (await recordOf())?.job_uid !== undefined)
  t.equal((await connector.send(endpoint(), transfer, { type: 'deprovision' })).status, 200)
  const record = await poll(
    'the job is stopped',
    async () => await recordOf().then((now) => now?.stop !== undefined && now)
  )
  t.equal(record.stop?.reason, 'TransferEnded')
  await poll(
    'the Job is being deleted',
    async () => (await deploy.cluster.jobs()).every(({ metadata }) => metadata?.deletionTimestamp !== undefined)
  )
  t.equal(
    (await connector.send(endpoint(), { ...transfer, id: 'unknown' }, { type: 'deprovision' })).status,
    200,
    'a deprovision request for an unknown transfer does nothing'
  )
})

await t.test('a ping detects that a transfer has ended at the connector', async (t) => {
  for (const end of ['terminated', 'forgotten'] as const) {
    const { connector, deploy, endpoint, recordOf } = await connected(t)
    const transfer = await connector.provision(endpoint())
    await poll('the Job is created', async () => (await recordOf())?.job_uid !== undefined)
    await deploy.ping()
    t.equal((await recordOf())!.stop, undefined, 'a transfer that waits is not ended')
    if (end === 'terminated') transfer.state = 'TERMINATED'
    else connector.transfers.clear()
    await deploy.ping()
    t.match(await recordOf(), { stop: { reason: 'TransferEnded' } }, end)
  }
})

await t.test('an error of the connector ends no transfer', async (t) => {
  const { connector, deploy, endpoint, recordOf } = await connected(t)
  await connector.provision(endpoint())
  await poll('the Job is created', async () => (await recordOf())?.job_uid !== undefined)
  for (const status of [500, 404, 401]) {
    connector.failures.push(status)
    t.equal((await deploy.ping()).status, 204)
    t.equal((await recordOf())!.stop, undefined, `${status}`)
  }
})

await t.test('a Management API that answers again makes the waiting calls due, once for each failed try', async (t) => {
  const { connector, deploy, endpoint, recordOf, reminded } = await connected(t)
  await connector.provision(endpoint())
  const { job_uuid: id } = await poll(
    'the Job is created',
    async () => await recordOf().then((now) => now?.job_uid !== undefined && now)
  )
  await advanceRecord(deploy.store, id, succeeded('owed'))
  const later = new Date(Date.now() + 3600_000).toISOString()
  const fail = async (more: object = {}) =>
    await advanceRecord(deploy.store, id, (record) => {
      const attempts = [...record.callbacks![0]!.attempts, { at: new Date().toISOString(), status: 503, ...more }]
      const { extra: _, ...callback } = record.callbacks![0]!
      return { ...record, revision: record.revision + 1, callbacks: [{ ...callback, due_at: later, attempts }] }
    })
  const due = async () => (await recordOf())!.callbacks![0]!.due_at!
  await fail()
  connector.down(true)
  await deploy.ping()
  t.equal(await due(), later, 'it does not answer')
  connector.down(false)
  await deploy.ping()
  t.ok(await due() < later)
  t.match((await recordOf())!.callbacks, [{ state: 'owed', extra: true }])
  t.strictSame(reminded, [id])
  await fail({ extra: true })
  await deploy.ping()
  t.equal(await due(), later, 'the extra try has failed, so the schedule goes on')
  await fail()
  await deploy.ping()
  t.ok(await due() < later)
})

await t.test('a permanent error is answered with 4xx, so that the transfer ends', async (t) => {
  const { connector, deploy, endpoint } = await connected(t)
  const cases: Array<[string, string, number, string]> = [
    ['connector=provider&key=wrong', 'asset-1', 401, 'unauthorized'],
    ['connector=provider', 'asset-1', 401, 'unauthorized'],
    ['connector=stranger&key=the%20endpoint%20key', 'asset-1', 401, 'unauthorized'],
    ['connector=provider&key=the%20endpoint%20key', 'asset-2', 404, 'unknown-asset'],
    ['connector=provider&key=the%20endpoint%20key&template=nonsense', 'asset-2', 400, 'unknown-template']
  ]
  for (const [query, asset, status, kind] of cases) {
    const transfer: StubTransfer = {
      id: 'transfer',
      definition: 'definition',
      asset,
      state: 'PROVISIONING',
      callbacks: []
    }
    const response = await connector.send(endpoint(query), transfer)
    const { detail } = await problemOf(t, response, status, kind)
    t.notMatch(detail, /key=|endpoint%20key|wrong/, 'the answer does not contain the query')
    t.equal(transfer.state, 'TERMINATED')
  }
  t.strictSame(await keysOf(deploy.store), [], 'the store is empty')
})

await t.test('a callback address at an unknown origin is refused', async (t) => {
  const { connector, deploy, endpoint } = await connected(t)
  const body = {
    assetId: 'asset-1',
    transferProcessId: 'a',
    resourceDefinitionId: 'b',
    callbackAddress: 'http://127.0.0.1:1/callback'
  }
  await problemOf(
    t,
    await fetch(endpoint(), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body)
    }),
    400,
    'invalid-request'
  )
  t.strictSame(await keysOf(deploy.store), [])
  t.equal(connector.transfers.size, 0)
})

await t.test('the query names the template, also as `demo_task`, and the path may end with a slash', async (t) => {
  const { connector, deploy, endpoint, recordOf } = await connected(t, { assets: {} })
  await connector.provision(
    endpoint('connector=provider&key=the%20endpoint%20key&demo_task=other').replace('/provision?', '/provision/?')
  )
  t.match(
    await poll('the Job is created', async () => await recordOf().then((now) => now?.job_uid !== undefined && now)),
    { template: 'other', targets: [{ result: { file: 'out.txt' } }] }
  )
  t.equal((await deploy.cluster.jobs()).length, 1)
})

await t.test('an asset decides what to run if the table allows it, and a ping repeats a failed look-up', async (t) => {
  const { connector, deploy, endpoint, recordOf } = await connected(t, { assets: {}, assets_decide: true })
  connector.assets.set('asset-1', {
    jobTemplate: 'other',
    duration: '7',
    baseUrl: 'http://127.0.0.1:1/unused',
    result: 'archive'
  })
  connector.failures.push(503)
  const transfer = await connector.provision(endpoint())
  t.equal(transfer.state, 'PROVISIONING_REQUESTED')
  await poll('the look-up has failed', () => connector.failures.length === 0)
  await deploy.ping()
  const record = await poll(
    'the Job is created',
    async () => await recordOf().then((now) => now?.job_uid !== undefined && now)
  )
  t.match(record, { template: 'other', env: { DURATION: '7' }, targets: [{ result: 'archive' }] })
  t.notOk('look_up' in record.targets![0]!)
})

await t.test('an asset that names no job, or an invalid one, makes the job fail, and says what is wrong', async (t) => {
  for (
    const [properties, message] of [
      [{ type: 'HttpData', baseUrl: 'https://weather.example.org' }, /asset-1 has no property jobTemplate/],
      [{ jobTemplate: 'other', duration: 'long' }, /^env\.DURATION must be integer\. Correct the asset/],
      [{ jobTemplate: 'other', duration: '0', mode: 'idle' }, /^env\.DURATION must be >= 1, env\.MODE must be .*fast, slow\. Correct/],
      [{ jobTemplate: 'none' }, /^There is no template none\. Correct/]
    ] as const
  ) {
    const { connector, deploy, endpoint, recordOf, reminded } = await connected(t, { assets: {}, assets_decide: true })
    connector.assets.set('asset-1', properties)
    await connector.provision(endpoint())
    const record = await poll(
      'the job has failed',
      async () => await recordOf().then((now) => now?.state === 'failed' && now)
    )
    t.equal(record.reason, 'InvalidAsset')
    t.match(record.message, message)
    t.match(record.callbacks, [{ call: 'terminate', state: 'owed' }])
    await poll('job-completed is reminded: the callback does not wait for a ping', () => reminded.length > 0)
    t.strictSame(reminded, [record.job_uuid])
    t.equal((await deploy.cluster.jobs()).length, 0)
  }
})

await t.test('a Job that Kubernetes refuses makes the job fail', async (t) => {
  const { connector, endpoint, recordOf } = await connected(t, { assets: { 'asset-1': { template: 'refused' } } })
  const transfer = await connector.provision(endpoint())
  t.equal(transfer.state, 'PROVISIONING_REQUESTED')
  const record = await poll(
    'the job has failed',
    async () => await recordOf().then((now) => now?.state === 'failed' && now)
  )
  t.match(record, { reason: 'RejectedByKubernetes', message: /backoffLimit.*\. Correct the template/ })
})

await t.test('a changed key file applies at once', async (t) => {
  const { connector, endpoint, secrets } = await connected(t)
  writeFileSync(join(secrets, 'provider.endpoint-key'), 'new')
  t.equal((await connector.provision(endpoint())).state, 'TERMINATED')
  t.equal((await connector.provision(endpoint('connector=provider&key=new'))).state, 'PROVISIONING_REQUESTED')
  writeFileSync(join(secrets, 'provider.endpoint-key'), '')
  t.equal(
    (await connector.provision(endpoint('connector=provider&key='))).state,
    'TERMINATED',
    'an empty key is refused'
  )
})
