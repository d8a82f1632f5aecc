import { join } from 'node:path'
import { unlinkSync } from 'node:fs'
import t from 'tap'
import { deploy } from '../../../functions/deploy/app.ts'
import { idOfKey } from '../../../shared/access/api-key.ts'
import { advanceRecord, readRecord } from '../../../shared/job/record-store.ts'
import { stateKey } from '../../../shared/store/bucket-layout.ts'
import { getTags } from '../../../shared/store/object-store.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { deployServer, deployWith } from '../../support/deploy-server.ts'
import { CALLBACK, tryEveryRoute } from '../../support/every-route.ts'
import { oidcIssuer } from '../../support/oidc-issuer.ts'
import { problemOf } from '../../support/problem-of.ts'

const as = (credential: string) => ({ headers: { authorization: `Bearer ${credential}` } })
const idOf = async (response: Response): Promise<string> => (await response.json() as { job_uuid: string }).job_uuid

/** These routes check the key of a connector, not the credential of a caller. */
const dataflows = (prefix: string): string[] =>
  [
    ...['POST start', 'POST prepare', 'GET check', 'GET {flow}/status'],
    ...['started', 'suspend', 'resume', 'terminate', 'completed'].map((word) => `POST {flow}/${word}`)
  ].map((route) => route.replace(' ', ` ${prefix}/dataflows/`))
const CONNECTOR_ROUTES = [
  'POST /provision',
  ...dataflows('/connector/{connector}/{key}'),
  ...dataflows('')
]

await t.test('every route checks the credential of the caller', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const { url, post, store } = await deployServer(t, { callers: settings })
  await tryEveryRoute(t, {
    url,
    plugin: deploy({} as never),
    requests: {
      'GET /job/deploy': {},
      'POST /job/deploy': { body: {} },
      'DELETE /job/{id}': {},
      'PATCH /job/{id}': { body: { expires_at: '2027-01-01T00:00:00Z' } },
      'POST /job/{id}/callback/{callback}/redeliver': {},
      'GET /demo': {},
      'GET /template': {}
    },
    open: [...CONNECTOR_ROUTES, 'POST /'],
    add,
    async job (writer) {
      const id = await idOf(await post({}, as(writer)))
      await advanceRecord(
        store,
        id,
        (record) => ({ ...record, revision: record.revision + 1, targets: [{ kind: 'sink' }], callbacks: [CALLBACK] })
      )
      return id
    }
  })
})

await t.test('the owner of a job is its caller, with an API key and with a token', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const issuer = await oidcIssuer(t)
  const { post, remove, url, store, cluster } = await deployServer(t, { callers: { ...settings, ...issuer.settings } })
  for (
    const [credential, owner] of [[add('alice', 'jobs:write'), 'alice'], [
      await issuer.token({ sub: 'alice' }),
      'oidc:alice'
    ], [add('root', 'admin'), 'root']] as const
  ) {
    const id = await idOf(await post({}, as(credential)))
    t.match((await readRecord(store, id))!.record, { owner })
    t.match(await getTags(store, stateKey(id)), { owner })
  }
  t.equal((await cluster.jobs()).length, 3)
  await t.test('a job that was made without credentials is accessible to admins only', async (t) => {
    const open = await deployWith(t, { store, cluster })
    const id = await idOf(await open.post({}))
    t.notOk('owner' in (await readRecord(store, id))!.record)
    const cancel = async (key: string): Promise<Response> =>
      await fetch(`${url}/job/${id}`, { method: 'DELETE', ...as(key) })
    await problemOf(t, await cancel(add('alice', 'jobs:read', 'jobs:write')), 404, 'unknown-job')
    t.equal((await cancel(add('root', 'admin'))).status, 202)
    t.equal((await remove(id)).status, 401)
  })
})

await t.test('an idempotency key is valid for its caller only', async (t) => {
  const { settings, add } = apiKeyFolder(t)
  const { post } = await deployServer(t, { callers: settings })
  const [alice, again, bob] = [add('alice', 'jobs:write'), add('alice', 'jobs:write'), add('bob', 'jobs:write')]
  const deploy = async (key: string, body = {}): Promise<Response> =>
    await post(body, { headers: { ...as(key).headers, 'idempotency-key': 'a' } })
  const first = await idOf(await deploy(alice))
  t.equal(await idOf(await deploy(again)), first, 'with any API key of the same owner')
  t.not(await idOf(await deploy(bob, { env: { DURATION: 20 } })), first, 'the key of another caller is independent')
})

await t.test('an API key is valid as long as its file exists', async (t) => {
  const { settings, folder, add } = apiKeyFolder(t)
  const { url } = await deployServer(t, { callers: settings })
  const key = add('alice', 'jobs:read')
  const ask = async (): Promise<number> => (await fetch(`${url}/template`, as(key))).status
  t.equal(await ask(), 200)
  unlinkSync(join(folder, idOfKey(key)!))
  t.equal(await ask(), 401)
})

await t.test('public routes need no credential', async (t) => {
  const { settings } = apiKeyFolder(t)
  const { url, ping } = await deployServer(t, { callers: settings })
  for (const path of ['/openapi.json', '/health/liveness', '/health/readiness']) {
    t.equal((await fetch(url + path)).status, 200, path)
  }
  t.equal((await ping()).status, 204, 'events need no credential')
  await problemOf(t, await fetch(`${url}/none`), 404, 'not-found')
  await problemOf(t, await fetch(`${url}/job/deploy`, { method: 'PUT' }), 405, 'method-not-allowed')
})
