import t from 'tap'
import { testHost } from '../../support/host.ts'

await t.test('what a job can reach with all that its pod can read', async (t) => {
  const bucket = `test-reach-${process.pid}`
  const host = await testHost(t, { '*': { S3_BUCKET: bucket, DEFAULT_TEMPLATE: 'node' } })
  const other = await host.deploy({ env: { SCRIPT: 'await 1' } })
  await host.reaches(other, 'succeeded', 'failed')

  const asks: Record<string, [number, string]> = {
    'the list of the bucket': [403, `http://minio.gx4ki.svc:9000/${bucket}?list-type=2`],
    'the state of another job': [403, `http://minio.gx4ki.svc:9000/${bucket}/state/${other}.json`],
    'the Kubernetes API': [403, 'https://kubernetes.default.svc/api/v1/namespaces/gx4ki-jobs/pods'],
    'the uploads of another job': [401, `http://uploads.gx4ki.svc.cluster.local/job/${other}/attempt/00000000-0000-4000-8000-000000000000/upload`],
    'another function by the door of uploads': [404, 'http://uploads.gx4ki.svc.cluster.local/template']
  }
  // Its answer is its log: what it was refused, and the names of what it was given.
  const script = `
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    const { existsSync } = await import('node:fs')
    const told = {}
    for (const [what, [, url]] of Object.entries(${JSON.stringify(asks)})) told[what] = await fetch(url, what.startsWith('the uploads') ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' } : {}).then(({ status }) => status, (error) => String(error.cause))
    console.log(JSON.stringify({ told, tokens: ['/var/run/secrets/kubernetes.io', '/var/run/gx4ki'].filter((path) => existsSync(path)), keys: Object.keys(process.env).filter((name) => /secret|key|token/i.test(name)), uid: process.getuid() }))`
  const id = await host.deploy({ env: { SCRIPT: script } })
  await host.reaches(id, 'succeeded', 'failed')
  const log = (await host.jobLog(id)).split('\n').find((line) => line.startsWith('{'))
  t.strictSame(JSON.parse(log ?? '{}'), {
    told: Object.fromEntries(Object.entries(asks).map(([what, [status]]) => [what, status])),
    tokens: [],
    keys: [],
    uid: 65532
  })
})
t.comment('skipped: that NetworkPolicies hold, for the network of this bench takes them and does not enforce them')
