import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { newJobId } from '../../../shared/job/job-id.ts'
import { logKey } from '../../../shared/store/bucket-layout.ts'
import { headObject, putObject } from '../../../shared/store/object-store.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { testHost } from '../../support/host.ts'
import { jobTemplates } from '../../support/job-templates.ts'
import { kubectl, kubectlJson, kubectlWith } from '../../support/kubectl.ts'
import { poll } from '../../support/poll.ts'

const base = (file: string): string => join('knative/base', file)

/**
 * Runs the doctor as `make doctor` does. Returns its exit code, its output, and the rows of its table, each as one
 * line.
 */
function doctor (...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['knative/doctor/main.ts', ...args], {
    encoding: 'utf8'
  })
  const rows = stdout.split(/\n(?=\S)/)
  return {
    status,
    all: stdout + stderr,
    row: (check: string) => rows.find((row) => row.startsWith(`${check}  `))?.replace(/\s+/g, ' ') ?? 'no such row'
  }
}

function replaceTemplates (data: Record<string, string>): void {
  kubectlWith(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'gx4ki-templates', namespace: 'gx4ki' },
      data
    }),
    'replace',
    '-f',
    '-'
  )
}

// The doctor runs three times. Each time it waits for the start of a minute, and for its job.
t.setTimeout(900_000)
const lean = process.env['E2E'] === 'lean' && 'without Knative Serving there are no Knative Services to check'
await t.test('make doctor reports healthy parts, broken parts, and repaired parts correctly', {
  skip: lean
}, async (t) => {
  const bucket = `test-doctor-${process.pid}`
  const host = await testHost(t, {
    '*': { S3_BUCKET: bucket, TEMPLATES_DIR: resolve('knative/templates'), DEFAULT_TEMPLATE: 'drive' }
  })
  const store = openStore({
    S3_ENDPOINT: host.store.endpoint,
    S3_ACCESS_KEY: host.store.accessKey,
    S3_SECRET_KEY: host.store.secretKey,
    S3_REGION: host.store.region,
    S3_BUCKET: bucket
  })
  // Earlier tests may have left parts that are not healthy.
  const mend = async (): Promise<void> => {
    kubectl('apply', '-f', base('ping-source.yaml'), '-f', base('triggers.yaml'), '-f', base('rights.yaml'))
    kubectl('delete', 'clusterrolebinding', 'test-doctor', '--ignore-not-found')
    await host.source.start()
    kubectl('wait', '-n', 'gx4ki', '--for=condition=Ready', '--timeout=90s', 'pingsource,trigger,broker,ksvc', '--all')
  }
  t.teardown(mend)
  await mend()

  const well = doctor()
  t.equal(well.status, 0, well.all)
  t.match(well.all, / 0 broken$/m)
  const checks = [
    'API server',
    'Service deploy',
    'Service result-upload',
    'Broker gx4ki',
    'Trigger job-completed',
    'PingSource reconcile',
    'ApiServerSource jobs',
    'Deployment uploads',
    'settings of deploy',
    'route to job-watch',
    'rights of deploy',
    'rights of job-completed',
    'rights of the pods in gx4ki-jobs',
    'pod admission',
    'template drive',
    'template carla-minimal',
    'store',
    'store: create if absent',
    'store: checksums',
    'store: multipart uploads',
    'store: complete lists',
    'store: list with tags',
    'canary: job',
    'canary: events',
    'canary: results',
    'orphans in the store',
    'orphans in Kubernetes'
  ]
  for (const check of checks) t.match(well.row(check), / works /, check)

  const orphan = newJobId(new Date(Date.now() - 7_200_000))
  await putObject(store, logKey(orphan), 'x', {}, 'unconditional')
  await host.source.stop()
  kubectl(
    'patch',
    'trigger',
    'deploy-ping',
    '-n',
    'gx4ki',
    '--type=merge',
    '-p',
    '{"spec": {"subscriber": {"ref": {"name": "no-such-function"}}}}'
  )
  const { rules } = kubectlJson<{ rules: { resources: string[] }[] }>(
    'get',
    'role',
    'job-completed',
    '-n',
    'gx4ki-jobs'
  )
  kubectl(
    'patch',
    'role',
    'job-completed',
    '-n',
    'gx4ki-jobs',
    '--type=merge',
    '-p',
    JSON.stringify({ rules: rules.filter(({ resources }) => !resources.includes('pods/log')) })
  )
  kubectl('create', 'clusterrolebinding', 'test-doctor', '--clusterrole=view', '--serviceaccount=gx4ki:result-upload')
  const { data: templates } = kubectlJson<{ data: Record<string, string> }>(
    'get',
    'configmap',
    'gx4ki-templates',
    '-n',
    'gx4ki'
  )
  replaceTemplates({
    ...templates,
    'bad.yaml': 'kind: Job',
    'foreign.yaml': readFileSync(join(jobTemplates(), 'foreign.yaml'), 'utf8')
  })
  await poll(
    'the Trigger is not ready',
    () =>
      !kubectl(
        'get',
        'trigger',
        'deploy-ping',
        '-n',
        'gx4ki',
        '-o',
        'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
      ).includes('True')
  )

  const ill = doctor()
  t.equal(ill.status, 1, ill.all)
  for (
    const [check, seen] of [
      ['Trigger deploy-ping', / broken not ready: .*no-such-function/],
      ['ApiServerSource jobs', / broken does not exist kubectl apply/],
      ['rights of job-completed', / broken may not get pods\/log/],
      ['rights of result-upload', / broken may list pods in the whole cluster/],
      ['template bad.yaml', / broken refused: not a template/],
      ['template foreign', / broken .*example\.org\/anything:1/],
      ['canary: events', / degraded (only the ping reported|it ended just when a ping was due)/],
      ['canary: results', / works /],
      ['orphans: logs', / degraded 1 of 1 job/],
      ['Trigger job-completed', / works /],
      ['template drive', / works /]
    ] as const
  ) t.match(ill.row(check), seen, check)

  await mend()
  replaceTemplates(templates)
  const mended = doctor('--fix')
  t.equal(mended.status, 0, mended.all)
  t.match(mended.row('orphans: logs'), / works removed 1 of 1 job/)
  t.equal(
    await poll('the store answers', async () => await headObject(store, logKey(orphan)).then(String, () => undefined)),
    'undefined'
  )
  await poll(
    'the Job and the pods of the doctor are gone',
    () => kubectl('get', 'jobs,pods', '-n', 'gx4ki', '-l', 'app.kubernetes.io/name=doctor', '-o', 'name') === ''
  )
})
