import { randomBytes } from 'node:crypto'
import t from 'tap'
import { resultToken } from '../../../../shared/access/result-token.ts'
import { newJobId } from '../../../../shared/job/job-id.ts'
import { advanceRecord } from '../../../../shared/job/record-store.ts'
import { transferEnded } from '../../../../shared/job/transfers/transfer-ended.ts'
import type { Transfer } from '../../../../shared/job/transfers/transfer.ts'
import { openStore } from '../../../../shared/store/open-store.ts'
import { apiKeyFolder } from '../../../support/api-keys.ts'
import { fetchServer } from '../../../support/fetch-server.ts'
import { httpServer } from '../../../support/http-server.ts'
import { problemOf } from '../../../support/problem-of.ts'
import { putResults } from '../../../support/put-results.ts'
import { storeSettingsOf } from '../../../support/store-settings.ts'
import { testStore } from '../../../support/store.ts'

const store = await testStore(t)
const resultTokenKey = randomBytes(32).toString('hex')
await t.test('result tokens', async (t) => {
  const server = await fetchServer(t, store, { resultTokenKey })

  const transfer: Transfer = {
    kind: 'http-provisioner',
    connector: 'provider',
    transfer: 'a',
    asset: 'b',
    resource_definition: 'c',
    callback_address: 'http://127.0.0.1',
    result: 'list',
    answered_at: new Date().toISOString()
  }

  async function done (more: object = {}): Promise<string> {
    const { job_uuid: id } = await server.create({
      state: 'succeeded',
      attempt: 'pod',
      finished_at: '2026-01-02T03:04:05.000Z',
      targets: [transfer],
      ...more
    })
    await putResults(store, { id, attempt: 'pod' }, { 'a.txt': 'a\n', 'sub/b ü.bin': randomBytes(100_000) })
    return id
  }

  const get = async (id: string, path: string, authorization: string): Promise<Response> =>
    await fetch(`${server.url}/job/${id}/${path}`, { headers: { authorization } })

  /** The status, after the body was read: a server that closes waits for open responses. */
  async function read (response: Response): Promise<number> {
    await response.bytes()
    return response.status
  }

  await t.test('a token gives access to the results of its job, with or without the Bearer scheme', async (t) => {
    const id = await done()
    const token = resultToken(resultTokenKey, id)
    for (const shown of [token, `Bearer ${token}`]) {
      for (const path of ['result?file=a.txt', 'result/list', 'result/archive']) {
        t.equal(await read(await get(id, path, shown)), 200, path)
      }
    }
  })

  await t.test('when callers need credentials, a token gives access to the results only', async (t) => {
    const asking = await fetchServer(t, store, { resultTokenKey, ...apiKeyFolder(t).settings })
    const id = await done()
    const statusOf = async (path: string, token: string): Promise<number> =>
      await read(await fetch(`${asking.url}/job${path}`, { headers: { authorization: `Bearer ${token}` } }))
    for (const path of ['result?file=a.txt', 'result/list', 'result/archive']) {
      t.equal(await statusOf(`/${id}/${path}`, resultToken(resultTokenKey, id)), 200, path)
      t.equal(await statusOf(`/${id}/${path}`, resultToken('another key', id)), 401, path)
      t.equal(await statusOf(`/${id}/${path}`, 'neither'), 401, path)
    }
    for (const path of ['', `/${id}`, `/${id}/callback`]) {
      t.equal(await statusOf(path, resultToken(resultTokenKey, id)), 401, path)
    }
  })

  await t.test('a token gives no access to the results of another job', async (t) => {
    const [one, other] = [await done(), await done()]
    const wrong = [
      resultToken(resultTokenKey, other),
      resultToken('another key', one),
      `${resultToken(resultTokenKey, one)}A`,
      'gx4ki-result.'
    ]
    for (const token of wrong) {
      const response = await get(one, 'result?file=a.txt', `Bearer ${token}`)
      t.equal(response.headers.get('www-authenticate'), 'Bearer error="invalid_token"')
      await problemOf(t, response, 401, 'unauthorized')
    }
    await problemOf(
      t,
      await get('fe5dfc0c-7a4b-844c-8602-17252904b0d2', 'result/list', resultToken(resultTokenKey, one)),
      401,
      'unauthorized'
    )
  })

  await t.test('a made-up token counts as a wrong credential, and costs no request to the store', async (t) => {
    const { url: endpoint, received } = await httpServer(t, (_, response) => response.writeHead(500).end())
    for (const settings of [{}, apiKeyFolder(t).settings]) {
      const { url } = await fetchServer(t, openStore(storeSettingsOf(endpoint)), {
        resultTokenKey,
        ...settings,
        REQUESTS_PER_MINUTE_PER_CALLER: 3
      })
      const statuses = []
      for (const path of ['result?file=a.txt', 'result/list', 'result/archive', 'result/list']) {
        const { status } = await fetch(`${url}/job/fe5dfc0c-7a4b-844c-8602-17252904b0d2/${path}`, {
          headers: { authorization: `Bearer gx4ki-result.${randomBytes(32).toString('base64url')}` }
        })
        statuses.push(status)
      }
      t.strictSame(statuses, [401, 401, 401, 429])
    }
    t.strictSame(received, [])
  })

  await t.test('the right token of a job that was removed gets the same answer as any other caller', async (t) => {
    const id = newJobId()
    await problemOf(t, await get(id, 'result/list', resultToken(resultTokenKey, id)), 404, 'unknown-job')
  })

  await t.test('a token gives no access if its transfer is ended, suspended or missing', async (t) => {
    const ended = await done()
    await advanceRecord(store, ended, (record) => transferEnded(record, new Date()))
    const suspended = await done({ targets: [{ ...transfer, suspended_at: new Date().toISOString() }] })
    const own = await done({ targets: [] })
    for (const id of [ended, suspended, own]) {
      await problemOf(t, await get(id, 'result?file=a.txt', resultToken(resultTokenKey, id)), 403, 'transfer-closed')
    }
  })
})
