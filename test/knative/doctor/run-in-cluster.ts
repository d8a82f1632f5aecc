import t from 'tap'
import { doctorJob } from '../../../knative/doctor/doctor-job.ts'
import type { Service } from '../../../knative/doctor/as-operator/pod-of-service.ts'
import { runInCluster } from '../../../knative/doctor/run-in-cluster.ts'
import { namespace, testKubernetes } from '../../support/local-kubernetes.ts'
import { poll } from '../../support/poll.ts'

/** The Job of the doctor with a shell script as its program. */
function job (script: string) {
  const service = {
    metadata: { name: 'result-fetch' },
    spec: { template: { spec: { containers: [{ name: 'a', image: 'none' }] } } }
  } as Service
  const made = doctorJob(service, [])
  made.spec!.template.spec!.containers[0]!.command = ['sh', '-c', script]
  return made
}

await t.test('the output of the pod is the report, whatever its exit code, and the Job is removed', async (t) => {
  const kubernetes = await testKubernetes(t)
  const run = async (script: string) => await runInCluster(kubernetes.config, namespace, job(script))
  const report = { rows: [{ check: 'a', verdict: 'broken', seen: 'b', mend: 'c' }], unknown: ['id'] }
  t.strictSame(await run(`echo a warning >&2; echo '${JSON.stringify(report)}'; exit 1`), report)
  t.strictSame(await run('echo wrong settings >&2; exit 1'), {
    rows: [{
      check: 'doctor pod',
      verdict: 'broken',
      seen: 'wrong settings',
      mend: 'fix the broken rows above; this pod checks store, orphans and events'
    }]
  })
  await poll('nothing is left', async () => {
    const [jobs, pods] = await Promise.all([
      kubernetes.batch.listNamespacedJob({ namespace }),
      kubernetes.core.listNamespacedPod({ namespace })
    ])
    return jobs.items.length + pods.items.length === 0
  })
})

await t.test('a refused Job becomes a row', async (t) => {
  const kubernetes = await testKubernetes(t)
  const refused = job('true')
  refused.spec!.backoffLimit = -1
  t.match(await runInCluster(kubernetes.config, namespace, refused), {
    rows: [{ verdict: 'broken', seen: /backoffLimit/ }]
  })
})
