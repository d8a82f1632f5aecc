import { randomBytes } from 'node:crypto'
import t from 'tap'
import { readRecord } from '../../../../shared/job/record-store.ts'
import { apiKeyFolder } from '../../../support/api-keys.ts'
import { deployWith } from '../../../support/deploy-server.ts'
import { stubConnector } from '../../../support/stub-connector.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { wireRounds } from '../../../support/wire-rounds.ts'

/**
 * Every request of an operation to the store and to Kubernetes. Requests in one line do not wait for each other, so the
 * number of lines is what a caller waits for. Who adds a request here, says why.
 */
const start = [
  ['POST jobs', 'PUT state/'],
  ['POST configmaps', 'POST secrets'],
  ['PUT state/']
]

await t.test('a job is six requests in a chain of four', async (t) => {
  const { during, real, ...place } = await wireRounds(t)
  const secretsDir = temporaryFolder(t, { hook: `whsec_${randomBytes(32).toString('base64')}` })
  const egress = { allowed: new Set<string>(), denied: [] }
  const { url, post } = await deployWith(t, {
    ...place,
    webhooks: { egress, secretsDir, defaultSecret: 'hook' }
  })
  const bodies = {
    'with defaults': {},
    'with values': { env: { DURATION: 20 } },
    'with a secret value': { env: { PASSWORD: 'hunter2' } },
    'with a callback': { callback: { url: 'https://example.org/hook' } }
  }
  for (const [name, body] of Object.entries(bodies)) {
    let answer: { job_uuid: string, state: string }
    t.same(
      await during(async () => {
        answer = await (await post(body)).json() as typeof answer
      }),
      [['PUT open/'], ...start],
      name
    )
    t.equal(answer!.state, 'pending', name)
    t.match((await readRecord(real, answer!.job_uuid))!.record, { state: 'pending', job_uid: /./ }, name)
  }
  t.same(await during(async () => await fetch(`${url}/job/deploy`)), [['PUT open/'], ...start], 'with GET')
  t.same(
    await during(async () => await post({}, { query: '?dry_run=true' })),
    [['POST jobs (dry run)'], ['POST configmaps (dry run)', 'POST secrets (dry run)']],
    'a dry run'
  )
  t.same(await during(async () => await post({ env: { UNKNOWN: 1 } })), [], 'what is wrong costs no request')
})

await t.test('with an idempotency key, a new job has one request more', async (t) => {
  const { during, ...place } = await wireRounds(t)
  const { post } = await deployWith(t, place)
  const keyed = { headers: { 'idempotency-key': 'a' } }
  t.same(await during(async () => await post({}, keyed)), [['PUT idempotency/'], ['PUT open/'], ...start])
  t.same(
    await during(async () => await post({}, keyed)),
    [['PUT idempotency/'], ['GET idempotency/'], ['GET state/']],
    'a repeated request'
  )
  t.same(
    await during(async () => await post({ env: { DURATION: 20 } }, keyed)),
    [['PUT idempotency/'], ['GET idempotency/']],
    'another request with the key'
  )
})

await t.test('the job of a transfer has its record before its Job, because the connector gets its answer first', async (t) => {
  const { during, ...place } = await wireRounds(t)
  const connector = await stubConnector(t)
  const { url } = await deployWith(t, {
    ...place,
    table: [{
      name: 'provider',
      protocol: 'http-provisioner',
      management_url: connector.url,
      assets: { 'asset-1': { template: 'test' } }
    }],
    connectorSecrets: temporaryFolder(t, { 'provider.endpoint-key': 'key' })
  })
  t.same(
    await during(async () => await connector.provision(`${url}/provision?connector=provider&key=key`)),
    [
      ['GET idempotency/'],
      ['PUT idempotency/'],
      ['PUT lists/', 'PUT open/'],
      ['PUT state/'],
      ['POST jobs'],
      ['POST configmaps', 'POST secrets'],
      ['PUT state/']
    ]
  )
})

await t.test('a limit of open jobs costs one list and one key, besides the key of the list of the owner', async (t) => {
  const { during, ...place } = await wireRounds(t)
  const { settings, add } = apiKeyFolder(t)
  const { post } = await deployWith(t, { ...place, callers: settings, mostOpen: 2 })
  const as = { headers: { authorization: `Bearer ${add('alice', 'jobs:write')}` } }
  const limited = [['GET list counted/'], ['PUT counted/', 'PUT lists/', 'PUT open/'], ...start]
  t.same(await during(async () => await post({}, as)), limited)
  t.same(await during(async () => await post({}, as)), limited)
  t.same(
    await during(async () => await post({}, as)),
    [['GET list counted/'], ['GET state/', 'GET state/']],
    'at the limit, some of the jobs are looked at'
  )
})
