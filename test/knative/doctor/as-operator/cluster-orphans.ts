import t from 'tap'
import { objectsOfJobs, removeObjects } from '../../../../knative/doctor/as-operator/cluster-orphans.ts'
import { newJobId } from '../../../../shared/job/job-id.ts'
import { JOB_LABEL, MANAGED_BY, objectName } from '../../../../shared/kubernetes/cluster.ts'
import { clusterOf } from '../../../support/cluster-of.ts'
import { jobOf, shell, testKubernetes } from '../../../support/local-kubernetes.ts'
import { poll } from '../../../support/poll.ts'

await t.test('all objects of one job are found and removed, its Job first; the objects of another job stay', async (t) => {
  const kubernetes = await testKubernetes(t)
  const cluster = clusterOf(kubernetes)
  const { namespace } = cluster
  const [lost, living] = [newJobId(), newJobId()]
  for (const id of [lost, living]) {
    const labels = { ...MANAGED_BY, [JOB_LABEL]: id }
    const manifest = jobOf(objectName(id), [shell('workload', 'sleep 60')])
    manifest.metadata!.labels = labels
    manifest.spec!.template.metadata = { labels }
    await cluster.batch.createNamespacedJob({ namespace, body: manifest })
    // These have no owner reference, like objects that the deletion of their Job has left.
    await cluster.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: objectName(id), labels } } })
    await cluster.core.createNamespacedSecret({ namespace, body: { metadata: { name: objectName(id), labels } } })
  }
  await poll('both have a pod', async () => (await cluster.pods()).length === 2)
  const later = new Date(Date.now() + 7_200_000)
  t.strictSame(await objectsOfJobs(kubernetes.config, namespace, new Date()), [], 'all objects are young')
  const all = await objectsOfJobs(kubernetes.config, namespace, later)
  t.strictSame(all.map(({ kind }) => kind), ['Job', 'Job', 'Pod', 'Pod', 'ConfigMap', 'ConfigMap', 'Secret', 'Secret'])

  await removeObjects(kubernetes.config, namespace, all.filter(({ job }) => job === lost))
  await poll('the objects are gone', async () => (await objectsOfJobs(kubernetes.config, namespace, later)).length === 4)
  t.strictSame([...new Set((await objectsOfJobs(kubernetes.config, namespace, later)).map(({ job }) => job))], [living])
  await removeObjects(kubernetes.config, namespace, all.filter(({ job, kind }) => job === lost && kind === 'Secret'))
  t.pass('a missing object is no error')
})
