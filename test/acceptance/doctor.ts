import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { Report } from '../../knative/doctor/in-cluster/main.ts'
import { newJobId } from '../../shared/job/job-id.ts'
import { logKey } from '../../shared/store/bucket-layout.ts'
import { headObject, putObject } from '../../shared/store/object-store.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { testHost } from '../support/host.ts'

await t.test('dist/doctor.cjs checks the store, runs a job with its events and results, and finds and removes orphans', async (t) => {
  const bucket = `test-doctor-${process.pid}`
  const host = await testHost(t, {
    '*': { S3_BUCKET: bucket, TEMPLATES_DIR: resolve('knative/templates'), DEFAULT_TEMPLATE: 'drive' }
  })
  const settings = {
    S3_ENDPOINT: host.store.endpoint,
    S3_ACCESS_KEY: host.store.accessKey,
    S3_SECRET_KEY: host.store.secretKey,
    S3_REGION: host.store.region,
    S3_BUCKET: bucket
  }
  const doctor = async (...args: string[]) =>
    await promisify(execFile)(process.execPath, ['dist/doctor.cjs', ...args], { env: { ...process.env, ...settings } })
  const store = openStore(settings)
  const [orphan, other] = [newJobId(new Date(Date.now() - 7_200_000)), newJobId()]
  await putObject(store, logKey(orphan), 'x', {}, 'unconditional')

  const first = await doctor('--json', '--deploy', host.url, '--result-fetch', host.url, orphan, other)
  const { rows, unknown } = JSON.parse(first.stdout) as Report
  const verdicts = Object.fromEntries(rows.map(({ check, verdict }) => [check, verdict]))
  t.match(verdicts, {
    store: 'works',
    'canary: job': 'works',
    'canary: events': 'works',
    'canary: results': 'works',
    'orphans: logs': 'degraded'
  }, first.stdout)
  t.notOk(Object.values(verdicts).includes('broken'))
  t.strictSame(unknown, [orphan, other])
  const [canary] = await host.jobs()
  t.match(canary, { state: 'succeeded', template: 'drive' })
  t.match(rows.find(({ check }) => check === 'canary: results'), { seen: '4 match the recorded sha256' })

  t.match((await doctor('--fix')).stdout, /orphans: logs +works +removed 1 of 1 job/)
  t.equal(await headObject(store, logKey(orphan)), undefined)
  t.equal((await host.job(canary!.job_uuid)).state, 'succeeded', 'the canary stays until it expires')
  const again = await doctor('--json', canary!.job_uuid)
  t.strictSame((JSON.parse(again.stdout) as Report).unknown, [], 'the canary has a record')
})

await t.test('without its settings it fails and names the missing settings', async (t) => {
  await t.rejects(promisify(execFile)(process.execPath, ['dist/doctor.cjs'], { env: { PATH: process.env.PATH } }), {
    code: 1,
    stderr: /wrong settings: .*S3_ACCESS_KEY/
  })
})
