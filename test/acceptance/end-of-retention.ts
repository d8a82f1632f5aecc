import t from 'tap'
import { readRecord } from '../../shared/job/record-store.ts'
import { expiryKey, markerKey, stateKey } from '../../shared/store/bucket-layout.ts'
import { getObject, getTags, headObject, putObject, removeObject } from '../../shared/store/object-store.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { clusterOf } from '../support/cluster-of.ts'
import { keysOf } from '../support/deploy-server.ts'
import { testHost } from '../support/host.ts'
import { poll } from '../support/poll.ts'

const DAY = 86_400_000

await t.test('a job is kept until it expires, and then all its objects are removed', async (t) => {
  const bucket = `test-retention-${process.pid}`
  const host = await testHost(t, { '*': { S3_BUCKET: bucket } })
  const cluster = clusterOf(host)
  const { endpoint, accessKey, secretKey, region } = host.store
  const store = openStore({
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
    S3_REGION: region,
    S3_BUCKET: bucket
  })
  const keep = async (id: string, until: string): Promise<Response> =>
    await fetch(`${host.url}/job/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ expires_at: until })
    })

  const id = await host.deploy({
    env: { SCRIPT: 'echo a > a.txt; mkdir b; echo b > b/b.txt; echo done', PASSWORD: 'geheim' }
  }, { 'idempotency-key': 'a' })
  const ended = await host.reaches(id, 'succeeded', 'failed')
  t.match(ended, { state: 'succeeded' })
  t.equal(Date.parse(ended.expires_at!) - Date.parse(ended.finished_at!), 30 * DAY)
  t.equal((await host.jobs())[0]!.expires_at, ended.expires_at, 'in the list too')
  t.equal((await host.results(id)).length, 2)
  await poll('nothing is owed', async () => await headObject(store, markerKey(id)) === undefined)

  const later = new Date(Date.parse(ended.expires_at!) + DAY).toISOString()
  t.match(await (await keep(id, later)).json(), { job_uuid: id, expires_at: later })
  t.match(await host.job(id), { expires_at: later })
  t.equal((await keep(id, ended.expires_at!)).status, 400)

  const before = await host.job(id)
  await host.ping()
  t.strictSame(await host.job(id), before, 'a ping before its time does nothing')
  const settled = (): number => host.log.filter((line) => line.includes('job settled') && line.includes(id)).length
  const seen = settled()

  // Make the job due, in the record and in the index of expiry keys.
  const { record } = (await readRecord(store, id))!
  const past = new Date(Date.now() - 1000).toISOString()
  await putObject(store, expiryKey(past, id), '', {}, 'unconditional')
  await putObject(
    store,
    stateKey(id),
    JSON.stringify({ ...record, expires_at: past }),
    await getTags(store, stateKey(id)),
    'unconditional'
  )
  for (const at of [ended.expires_at!, later]) await removeObject(store, expiryKey(at, id))
  await host.ping()
  await poll('the Job is gone', async () => (await cluster.jobs()).length === 0)
  await poll('the function has settled the removal', () => settled() >= seen + 2)
  await host.ping()
  t.equal((await fetch(`${host.url}/job/${id}`)).status, 404)
  t.equal((await keep(id, later)).status, 404)
  t.strictSame(await host.jobs(), [])
  // On a cluster that keeps running, the bucket may have dead letters of Jobs of earlier tests, and notes of pings.
  const keys = await keysOf(store)
  t.strictSame(keys.filter((key) => !/^(dead-letter|pings)\//.test(key)), [])
  for (const key of keys) {
    t.notMatch((await getObject(store, key))!.body.toString(), id, 'no event of its end became a dead letter')
  }
  for (const list of [cluster.jobs, cluster.pods, cluster.configMaps, cluster.secrets]) t.strictSame(await list(), [])
})
