import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { HTTP_PULL, HTTP_PUSH } from '../../shared/connector/data-flow.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { advanceRecord, readRecord } from '../../shared/job/record-store.ts'
import { transferOf } from '../../shared/job/transfers/transfer-of.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { exchangesOf } from '../support/captured.ts'
import { testHost } from '../support/host.ts'
import { httpServer, type Received } from '../support/http-server.ts'
import { poll } from '../support/poll.ts'
import { stubConnector } from '../support/stub-connector.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The scripts of the assets' jobs. `data` writes the sha256 of its result to the log. */
const scripts: Record<string, string> = {
  data: 'head -c 300000 /dev/urandom > result.txt; sha256sum result.txt | cut -c1-64',
  failing: 'exit 3',
  endless: 'trap "exit 1" TERM; while :; do sleep 0.1; done',
  small: 'echo a > result.txt',
  nameless: 'echo a > other.txt'
}

const connector = await stubConnector(t, { key: 'geheim-of-management' })
const control = await httpServer(t)
const dps = await httpServer(t, (_, response) => response.writeHead(200).end())
/** The server to which consumers let their data be pushed. It is not a control plane. */
const consumer = await httpServer(t)

const assets = {
  ...Object.fromEntries(
    Object.entries(scripts).map((
      [asset, SCRIPT]
    ) => [asset, { template: 'script', env: { SCRIPT }, result: { file: 'result.txt' } }])
  ),
  several: { template: 'script', env: { SCRIPT: 'echo a > a; mkdir b; echo b > b/b' }, result: 'archive' }
}
const tables = [
  { name: 'provisioner', protocol: 'http-provisioner', management_url: connector.url, assets },
  { name: 'signaling', protocol: 'edc-signaling', callback_origins: [control.url], assets },
  { name: 'dps', protocol: 'dataplane-signaling', signaling_url: `${dps.url}/signaling`, assets }
]
const bucket = `test-${randomUUID().slice(0, 13)}`
const host = await testHost(t, {
  '*': {
    S3_BUCKET: bucket,
    EGRESS_ALLOWED_ORIGINS: consumer.url,
    CONNECTORS_DIR: temporaryFolder(t, {
      ...Object.fromEntries(tables.map((table) => [`${table.name}.yaml`, JSON.stringify(table)])),
      'broken.yaml': 'name: ['
    }),
    CONNECTOR_SECRETS_DIR: temporaryFolder(t, {
      ...Object.fromEntries(tables.map(({ name }) => [`${name}.endpoint-key`, `geheim-of-${name}`])),
      'provisioner.management-key': 'geheim-of-management'
    })
  }
})
const { endpoint: s3, accessKey, secretKey, region } = host.store
const store = openStore({
  S3_ENDPOINT: s3,
  S3_ACCESS_KEY: accessKey,
  S3_SECRET_KEY: secretKey,
  S3_REGION: region,
  S3_BUCKET: bucket
})

/** Waits as `poll` does, with pings in between, as on a cluster. */
async function pinged<T> (
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 60
): Promise<T> {
  return await poll(what, async () => {
    const answer = await ask()
    if (answer) return answer
    await host.ping()
    await sleep(300)
    return await ask()
  }, seconds)
}

async function jobOf (transfer: string): Promise<JobRecord> {
  return await poll('there is a job', async () => {
    for (const { job_uuid: id } of await host.jobs()) {
      const found = await readRecord(store, id)
      if (found !== undefined && transferOf(found.record)?.transfer === transfer) return found.record
    }
  })
}

function pushedTo (path: string): Received[] {
  return consumer.received.filter(({ url }) => url === path)
}

/** Makes the callbacks due now, by a change of the record, which has the due time. */
async function comeDue (id: string): Promise<void> {
  await advanceRecord(
    store,
    id,
    (record) => ({
      ...record,
      revision: record.revision + 1,
      callbacks: record.callbacks!.map((one) => ({ ...one, due_at: new Date(0).toISOString() }))
    })
  )
}

await t.test('the HTTP provisioner of EDC', async (t) => {
  const endpoint = `${host.url}/provision?connector=provisioner&key=geheim-of-provisioner`

  await t.test('an invalid file in the folder is logged with its name, and the other files are used', async (t) => {
    t.ok(host.log.some((line) => line.includes('broken.yaml') && line.includes('connector file is ignored')))
  })

  await t.test('the connector requests a job, is called back, and pulls the same bytes', async (t) => {
    const transfer = await connector.provision(endpoint, { asset: 'data' })
    const { job_uuid: id } = await jobOf(transfer.id)
    await pinged('the connector is called back', () => transfer.state === 'STARTED')
    t.strictSame(transfer.callbacks.map(({ status }) => status), [204])
    const { body, at } = transfer.callbacks[0]!
    t.ok(at - transfer.answeredAt! >= 1000, 'the callback comes after the connector has read the answer')
    const [seen] = exchangesOf('02-pull-full-loop', 'callback')
    t.strictSame(Object.keys(body), Object.keys(seen!.body as object), 'the same fields as in the capture')
    t.match(body, { resourceDefinitionId: transfer.definition, assetId: 'data', apiKeyJwt: 'unused', hasToken: false })
    for (const name of Object.keys((seen!.body as any).contentDataAddress.properties)) {
      t.ok(name in body.contentDataAddress.properties, name)
    }
    t.notOk(
      JSON.stringify(body).includes(secretKey) || JSON.stringify(body).includes(`"${accessKey}"`),
      'the callback has no key of the store'
    )

    const data = await connector.pull(transfer)
    t.equal(data.status, 200)
    t.equal(sha256(await data.bytes()), (await host.jobLog(id)).trim())
    const token = body.contentDataAddress.properties['https://w3id.org/edc/v0.0.1/ns/authCode']
    const other = await host.deploy({ env: { SCRIPT: 'echo b > result.txt' } })
    await host.reaches(other, 'succeeded')
    t.equal(
      (await fetch(`${host.url}/job/${other}/result?file=result.txt`, { headers: { authorization: token } })).status,
      401,
      'the token is for this job only'
    )

    t.equal((await connector.send(endpoint, transfer, { type: 'deprovision' })).status, 200)
    await poll('the token is refused', async () => (await connector.pull(transfer)).status === 403)
  })

  await t.test('a job that fails ends the transfer, with the reason', async (t) => {
    const transfer = await connector.provision(endpoint, { asset: 'failing' })
    await pinged('the transfer ends', () => transfer.state === 'TERMINATED')
    t.match(transfer.error, /^job .* failed: BackoffLimitExceeded, exit code 3$/)
    t.strictSame(transfer.callbacks, [])
  })

  await t.test('a job that did not make the file ends the transfer, with the reason', async (t) => {
    const transfer = await connector.provision(endpoint, { asset: 'nameless' })
    await poll('the transfer ends, without a ping', () => transfer.state === 'TERMINATED', 60)
    t.match(transfer.error, /^job .* succeeded, but made no file result\.txt$/)
    t.strictSame(transfer.callbacks, [])
  })

  await t.test('a short job is called back without a ping', async () => {
    const transfer = await connector.provision(endpoint, { asset: 'small' })
    await poll('the connector is called back', () => transfer.state === 'STARTED', 60)
  })

  await t.test('the job ends when the consumer ends the transfer', async (t) => {
    const transfer = await connector.provision(endpoint, { asset: 'endless' })
    const { job_uuid: id } = await jobOf(transfer.id)
    await host.reaches(id, 'running')
    transfer.state = 'TERMINATED'
    await pinged('the job ends', async () => (await host.job(id)).state === 'canceled')
    t.equal((await host.job(id)).reason, 'TransferEnded')
    t.strictSame(transfer.callbacks, [], 'there is no callback')
  })

  await t.test('a connector that is down three times is called back the fourth time', async (t) => {
    const transfer = await connector.provision(endpoint, { asset: 'small' })
    connector.down(true)
    const { job_uuid: id } = await jobOf(transfer.id)
    /** The answers, without that of a try that is still under way. */
    const tries = async (): Promise<unknown[]> =>
      (await readRecord(store, id))!.record.callbacks?.[0]?.attempts.flatMap(({ status }) => status ?? []) ?? []
    for (const round of [1, 2, 3]) {
      await pinged(`try ${round}`, async () => (await tries()).length >= round)
      if (round < 3) await comeDue(id)
    }
    t.strictSame(await tries(), [503, 503, 503])
    connector.down(false)
    await comeDue(id)
    await pinged('the callback arrives', () => transfer.state === 'STARTED')
    t.equal(transfer.callbacks.length, 1)
    t.equal(await (await connector.pull(transfer)).text(), 'a\n')
  })

  await t.test('no callback stays owed to a connector that has lost the transfer', async (t) => {
    const transfer = await connector.provision(endpoint, { asset: 'small' })
    const { job_uuid: id } = await jobOf(transfer.id)
    connector.transfers.delete(transfer.id)
    await host.reaches(id, 'succeeded', 'canceled')
    const record = await pinged(
      'the transfer has ended',
      async () =>
        await readRecord(store, id).then((found) => transferOf(found!.record)?.ended_at !== undefined && found!.record)
    )
    t.notOk(record.callbacks?.some(({ state }) => state === 'owed'))
  })

  await t.test('fifty simultaneous transfers get one callback each', async (t) => {
    const transfers = await Promise.all(
      Array.from({ length: 50 }, async () => await connector.provision(endpoint, { asset: 'small' }))
    )
    t.ok(transfers.every(({ answer }) => answer === 200), 'all were accepted')
    await pinged('all are called back', () => transfers.every(({ state }) => state !== 'PROVISIONING_REQUESTED'), 240)
    t.strictSame(transfers.map(({ state, error }) => error ?? state), transfers.map(() => 'STARTED'))
    t.ok(transfers.every(({ callbacks }) => callbacks.length === 1))
    t.ok(transfers.every(({ callbacks, answeredAt }) => callbacks[0]!.at - answeredAt! >= 1000))
    t.equal(
      new Set(transfers.map(({ callbacks }) =>
        callbacks[0]!.body.contentDataAddress.properties['https://w3id.org/edc/v0.0.1/ns/baseUrl']
      )).size,
      50
    )
  })
})

await t.test('the signaling of EDC 0.15', async (t) => {
  const base = `${host.url}/connector/signaling/geheim-of-signaling/dataflows`
  const told = (id: string) =>
    control.received.filter(({ url }) => url.includes(id)).map((
      { url, body }
    ) => [url.slice(url.lastIndexOf('/') + 1), body.toString()])
  async function start (capture: string, id: string, asset: string): Promise<any> {
    const { body } = exchangesOf(capture, 'start')[0] as { body: any }
    const message = {
      ...body,
      processId: id,
      datasetId: asset,
      callbackAddress: `${control.url}/control`,
      ...(body.flowType === 'PUSH' &&
        {
          destinationDataAddress: {
            ...body.destinationDataAddress,
            'dspace:endpointProperties': {
              ...body.destinationDataAddress['dspace:endpointProperties'],
              'dspace:value': `${consumer.url}/${id}`
            }
          }
        })
    }
    return await (await fetch(`${base}/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(message)
    })).json()
  }

  await t.test('pull', async (t) => {
    t.equal((await start('signaling-02-pull', 'pull-1', 'data')).provisioning, true)
    await pinged('it is provisioned', () => told('pull-1').length === 1)
    t.strictSame(told('pull-1'), [['provisioned', '']])
    const { provisioning, dataAddress } = await start('signaling-02-pull', 'pull-1', 'data')
    t.equal(provisioning, false)
    const of = (name: string): string =>
      dataAddress['dspace:endpointProperties'].find((one: any) =>
        one['dspace:name'].endsWith(`/${name}`)
      )['dspace:value']
    const data = await fetch(of('endpoint'), { headers: { authorization: of('authorization') } })
    t.equal(sha256(await data.bytes()), (await host.jobLog((await jobOf('pull-1')).job_uuid)).trim())
    await fetch(`${base}/pull-1/terminate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"@type":"DataFlowTerminateMessage"}'
    })
    t.equal((await fetch(of('endpoint'), { headers: { authorization: of('authorization') } })).status, 403)
  })

  await t.test('push', async (t) => {
    await start('signaling-01-push', 'push-1', 'data')
    await pinged('it is provisioned', () => told('push-1').length === 1)
    t.strictSame(
      await start('signaling-01-push', 'push-1', 'data'),
      exchangesOf('signaling-01-push', 'start')[1]!.answer
    )
    await pinged('it is complete', () => told('push-1').some(([word]) => word === 'complete'))
    t.strictSame(told('push-1').map(([word]) => word), ['provisioned', 'complete'])
    const [sink] = pushedTo('/push-1')
    t.match(sink, { method: 'POST', headers: { 'content-type': 'text/plain', 'content-length': '300000' } })
    t.equal(sha256(sink!.body), (await host.jobLog((await jobOf('push-1')).job_uuid)).trim())
  })

  await t.test('a push begins without a ping', async () => {
    await start('signaling-01-push', 'push-3', 'small')
    await poll('it is provisioned', () => told('push-3').length === 1, 60)
    await start('signaling-01-push', 'push-3', 'small')
    await poll('it is complete', () => told('push-3').some(([word]) => word === 'complete'), 60)
  })

  await t.test('a job that did not make the file', async (t) => {
    for (const [capture, id] of [['signaling-02-pull', 'pull-2'], ['signaling-01-push', 'push-4']] as const) {
      await start(capture, id, 'nameless')
      await poll('it has failed', () => told(id).length === 1, 60)
      const [[word, body]] = told(id) as [[string, string]]
      t.equal(word, 'fail')
      t.match(JSON.parse(body), { errorMessage: /succeeded, but made no file result\.txt$/ })
    }
  })

  await t.test('several files are pushed as one archive', async (t) => {
    await start('signaling-01-push', 'push-2', 'several')
    await pinged('it is provisioned', () => told('push-2').length === 1)
    await start('signaling-01-push', 'push-2', 'several')
    await pinged('it is complete', () => told('push-2').some(([word]) => word === 'complete'))
    const [sink] = pushedTo('/push-2')
    t.equal(sink!.headers['content-type'], 'application/x-tar')
    t.match(sink!.body.toString('latin1'), /^a\0[^]*ustar[^]*a\n[^]*b\/b\0[^]*b\n/)
  })

  await t.test('failure', async (t) => {
    await start('signaling-03-job-fails', 'fail-1', 'failing')
    await pinged('it has failed', () => told('fail-1').length === 1)
    const [[word, body]] = told('fail-1') as [[string, string]]
    t.equal(word, 'fail')
    t.match(JSON.parse(body), { errorMessage: /exit code 3$/ })
    t.equal((await fetch(`${base}/fail-1/terminate`, { method: 'POST' })).status, 200, 'EDC also terminates a failed transfer')
  })

  for (const path of ['/start', '/fail-1/nonsense', '/%zz']) {
    await fetch(base + path, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })
  }
})

await t.test('Data Plane Signaling', async (t) => {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer geheim-of-dps' }
  const post = async (path: string, body: object): Promise<Response> =>
    await fetch(`${host.url}/dataflows${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const message = {
    messageId: 'm',
    participantId: 'provider',
    counterPartyId: 'consumer',
    dataspaceContext: 'here',
    agreementId: 'a',
    claims: {}
  }
  const told = (id: string) =>
    dps.received.filter(({ url }) => url.includes(id)).map(({ url, body }) => ({ url, body: body.toString() }))

  await t.test('pull', async (t) => {
    t.equal(
      (await post('/start', { ...message, processId: 'pull-1', datasetId: 'data', profile: HTTP_PULL })).status,
      202
    )
    await pinged('it has started', () => told('pull-1').length === 1)
    const [{ url, body }] = told('pull-1') as [{ url: string, body: string }]
    t.equal(url, '/signaling/transfers/pull-1/dataflow/started')
    const { dataFlowId, state, dataAddress } = JSON.parse(body)
    t.strictSame([dataFlowId, state], ['pull-1', 'STARTED'])
    const token = dataAddress.endpointProperties.find(({ name }: { name: string }) => name === 'authorization').value
    const data = await fetch(dataAddress.endpoint, { headers: { authorization: `Bearer ${token}` } })
    t.equal(sha256(await data.bytes()), (await host.jobLog((await jobOf('pull-1')).job_uuid)).trim())
    t.equal((await post('/pull-1/completed', {})).status, 200)
    t.equal((await fetch(dataAddress.endpoint, { headers: { authorization: `Bearer ${token}` } })).status, 403)
  })

  await t.test('push', async (t) => {
    await post('/start', {
      ...message,
      processId: 'push-1',
      datasetId: 'small',
      profile: HTTP_PUSH,
      dataAddress: {
        endpointType: HTTP_PUSH,
        endpoint: `${consumer.url}/push-1-of-dps`,
        endpointProperties: [{ name: 'authorization', value: 'geheim-of-sink' }, { name: 'authType', value: 'bearer' }]
      }
    })
    await pinged('it is complete', () => told('push-1').length === 2)
    t.match(told('push-1').map(({ url }) => url), [/started$/, /completed$/])
    t.match(pushedTo('/push-1-of-dps'), [{ headers: { authorization: 'Bearer geheim-of-sink' } }])
    t.match(JSON.parse(told('push-1')[1]!.body), { dataFlowId: 'push-1', state: 'COMPLETED' })
    await poll('its state is complete, which is so only after the answer', async () => {
      const answer = await fetch(`${host.url}/dataflows/push-1/status`, { headers })
      const { dataFlowId, state } = await answer.json() as { dataFlowId: string, state: string }
      return dataFlowId === 'push-1' && state === 'COMPLETED'
    })
  })

  await t.test('failure', async (t) => {
    await post('/start', { ...message, processId: 'fail-1', datasetId: 'failing', profile: HTTP_PULL })
    await pinged('it has failed', () => told('fail-1').length === 1)
    t.match(JSON.parse(told('fail-1')[0]!.body), { dataFlowId: 'fail-1', state: 'TERMINATED', error: /exit code 3$/ })
    t.match(told('fail-1')[0]!.url, /errored$/)
    await post('/start', { ...message, processId: 'fail-2', datasetId: 'nameless', profile: HTTP_PULL })
    await poll('it has failed', () => told('fail-2').length === 1, 60)
    t.match(JSON.parse(told('fail-2')[0]!.body), { state: 'TERMINATED', error: /made no file result\.txt$/ })
  })
})

t.notMatch(host.log.join('\n'), /geheim/, 'no log has a key')
