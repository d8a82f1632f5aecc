/** Keeps the logs of as many pods as its arguments say, all at once: kubeconfig, store, number. Prints the memory. */
import { newJobId } from '../../shared/job/job-id.ts'
import { connectCluster } from '../../shared/kubernetes/cluster.ts'
import { keepLog } from '../../shared/kubernetes/keep-log.ts'
import { storeAt } from './store.ts'

const [kubeconfig = '', endpoint = '', pods] = process.argv.slice(2)
const store = storeAt(endpoint)
const cluster = await connectCluster({ KUBECONFIG: kubeconfig, JOBS_NAMESPACE: 'gx4ki-jobs' })
const pod = {
  metadata: { name: 'a-pod', uid: 'a pod' },
  spec: { containers: [{ name: 'main' }] },
  status: { containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 0, startedAt: new Date() } } }] }
} as never
await keepLog(store, cluster, newJobId(), pod, 'to its end')
const before = process.memoryUsage.rss()
const ends = await Promise.all(
  Array.from({ length: Number(pods) }, async () => await keepLog(store, cluster, newJobId(), pod, 'to its end'))
)
const peak = process.resourceUsage().maxRSS * 1024
console.log(JSON.stringify({ whole: ends.filter(Boolean).length, grown: Math.round((peak - before) / 2 ** 20) }))
