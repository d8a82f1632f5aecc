import t from 'tap'
import { clusterOf } from '../../support/cluster-of.ts'
import { type Job, testHost } from '../../support/host.ts'
import { kubectl, kubectlJson, kubectlWith } from '../../support/kubectl.ts'
import { poll } from '../../support/poll.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

// The cases of test/acceptance/templates.ts run on a cluster too. These need a real API server, or a real controller.

/** A template whose container runs the script, with additional fields of the container and of the pod. */
function template (
  name: string,
  script: string,
  container: object = {},
  pod: object = {}
): string {
  return JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, annotations: { 'gx4ki.io/description': name, 'gx4ki.io/results': '/results' } },
    spec: {
      template: {
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 60,
          containers: [{
            name: 'workload',
            image: 'dev.local/shell:e2e',
            command: ['sh', '-c', script],
            ...container
          }],
          ...pod
        }
      }
    }
  })
}

const quick = 'echo ok > /results/ok.txt'
const templates = {
  'quick.yaml': template('quick', quick),
  // It ends on SIGTERM, which follows the ten seconds of notice.
  'patient.yaml': template(
    'patient',
    'trap "echo bye; exit 7" TERM; echo early | tee /results/early.txt; while :; do sleep 1; done'
  ),
  'unsafe.yaml': template('unsafe', quick, {}, { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '65536' }] } }),
  'too-large.yaml': template('too-large', quick, { resources: { limits: { memory: '65Gi' } } }),
  'foreign-secret.yaml': template('foreign-secret', quick, { envFrom: [{ secretRef: { name: 'gx4ki-of-another' } }] })
}

/** Limits the namespace of the jobs until the test is over. Waits until the limit is in force. */
async function limit (t: Test, hard: Record<string, string>): Promise<void> {
  t.teardown(unlimit)
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'test', namespace: 'gx4ki-jobs' }, spec: { hard } }
  kubectlWith(JSON.stringify(quota), 'create', '-f', '-')
  await poll('the quota is in force', () => {
    const { status } = kubectlJson<{ status?: { hard?: object } }>('get', 'resourcequota', 'test', '-n', 'gx4ki-jobs')
    return status?.hard !== undefined
  })
}
const unlimit = (): void => {
  kubectl('delete', 'resourcequota', 'test', '-n', 'gx4ki-jobs', '--ignore-not-found')
}
type Test = Parameters<typeof temporaryFolder>[0]

await t.test('why a job ended, or was not made, as a real cluster says it', async (t) => {
  const host = await testHost(t, { '*': { TEMPLATES_DIR: temporaryFolder(t, templates), DEFAULT_TEMPLATE: 'quick' } })
  const cluster = clusterOf(host)
  const ask = async (body: object, query = ''): Promise<{ status: number, headers: Headers, body: any }> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await fetch(`${host.url}/job/deploy${query}`, init)
    return { status: response.status, headers: response.headers, body: await response.json() }
  }

  await t.test('a pod that is evicted: the reason of the eviction, the exit code and the whole log', async (t) => {
    const id = await host.deploy({ template: 'patient' })
    await poll('early.txt is uploaded', async () => (await host.results(id)).length > 0)
    const { name } = (await cluster.pods()).find(({ metadata }) => metadata?.labels?.['gx4ki.job.uuid'] === id)!.metadata!
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'gx4ki-jobs' } }
    const path = `/api/v1/namespaces/gx4ki-jobs/pods/${name}/eviction`
    kubectlWith(JSON.stringify(eviction), 'create', '--raw', path, '-f', '-')
    t.match(await host.reaches(id, 'failed', 'succeeded', 'lost'), {
      state: 'failed',
      reason: 'EvictionByEvictionAPI',
      message: /took the pod away.*not the fault of the program/,
      exit_code: 7
    })
    t.equal(await host.jobLog(id), 'early\nbye\n')
    t.equal(await (await host.result(id, 'early.txt')).text(), 'early\n')
  })

  await t.test('a job that is canceled: the whole log of a program that ends on SIGTERM', async (t) => {
    const id = await host.deploy({ template: 'patient' })
    await poll('early.txt is uploaded', async () => (await host.results(id)).length > 0)
    await host.cancel(id)
    // Not its exit code: when the Job is deleted, the pod is gone as soon as the kubelet has reported it.
    t.match(await host.reaches(id, 'canceled', 'failed', 'lost'), { state: 'canceled' })
    t.equal(await host.jobLog(id), 'early\nbye\n')
  })

  await t.test('a pod that Pod Security refuses: said in the answer, and while the job is pending', async (t) => {
    const words = /would violate PodSecurity "restricted:latest": .*kernel\.msgmax/
    t.match((await ask({ template: 'unsafe' }, '?dry_run=true')).body.warnings, [words])
    const id = await host.deploy({ template: 'unsafe' })
    t.match(await host.job(id), { state: 'pending', reason: null, message: words })
    t.match(await isStuck(id), { state: 'pending', reason: 'FailedCreate', message: words })
    await host.cancel(id)
    await host.reaches(id, 'canceled')
  })

  await t.test('a pod that a LimitRange refuses: its job is pending, and says where the cause is', async (t) => {
    const id = await host.deploy({ template: 'too-large' })
    t.match(await isStuck(id), { state: 'pending', reason: 'FailedCreate', message: /LimitRange.*kubectl describe job/ })
    await host.cancel(id)
    await host.reaches(id, 'canceled')
  })

  /** The Job does not change, so only a ping finds that it has no pod. */
  async function isStuck (id: string): Promise<Job> {
    return await poll('the job says that it has no pod', async () => {
      await host.ping()
      const job = await host.job(id)
      return job.reason !== null && job
    })
  }

  await t.test('a Secret of another: refused in words that say what to change, and nothing remains', async (t) => {
    const before = await host.jobs()
    for (const query of ['', '?dry_run=true']) {
      t.match(await ask({ template: 'foreign-secret' }, query), {
        status: 422,
        body: {
          type: 'urn:gx4ki:problem:rejected-by-kubernetes',
          detail: /Secrets that the ConfigMap gx4ki-secrets does not allow: gx4ki-of-another \(add them/
        }
      })
    }
    t.strictSame(await host.jobs(), before)
  })

  await t.test('a full quota: Kubernetes says so, when to ask again, and nothing remains', async (t) => {
    const before = await host.jobs()
    await limit(t, { 'count/jobs.batch': '0' })
    for (let i = 0; i < 3; i++) {
      const { status, headers, body } = await ask({})
      t.match({ status, body }, {
        status: 429,
        body: { type: 'urn:gx4ki:problem:quota-exceeded', detail: /exceeded quota: test, requested: count\/jobs\.batch=1/ }
      })
      t.match(headers.get('retry-after'), /^[1-9]\d*$/)
    }
    t.strictSame(await host.jobs(), before)
    unlimit()
    t.match(await host.reaches(await host.deploy({}), 'succeeded', 'failed'), { state: 'succeeded' })
  })

  await t.test('a quota that does not admit the Secret: the Job is removed again', async (t) => {
    const before = await host.jobs()
    await limit(t, { 'count/secrets': '0' })
    t.match(await ask({}), { status: 429, body: { detail: /exceeded quota: test, requested: count\/secrets=1/ } })
    t.strictSame(await host.jobs(), before)
    await poll('the Job is gone', async () =>
      (await cluster.jobs()).every(({ metadata }) => before.some(({ job_uuid: id }) => metadata?.name === `gx4ki-${id}`)))
  })

  await t.test('a quota that is full of Jobs that have ended: they make room', async (t) => {
    const id = await host.deploy({})
    await host.reaches(id, 'succeeded', 'failed')
    await limit(t, { 'count/jobs.batch': String((await cluster.jobs()).length) })
    // A job makes room when its log is kept and nothing is left to do for it.
    const next = await poll('there is room', async () => {
      await host.ping()
      const { status, body } = await ask({})
      return status === 202 && body as Job
    })
    t.match(await host.reaches(next.job_uuid, 'succeeded', 'failed'), { state: 'succeeded' })
    t.match(await host.job(id), { state: 'succeeded' }, 'what is kept of the other job stays')
    t.equal(await (await host.result(id, 'ok.txt')).text(), 'ok\n')
  })
})
