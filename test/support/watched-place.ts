import { writeFileSync } from 'node:fs'
import type { Test } from 'tap'
import { advance } from '../../shared/job/advance.ts'
import type { State } from '../../shared/job/job-state.ts'
import { advanceRecord } from '../../shared/job/record-store.ts'
import { keepLog } from '../../shared/kubernetes/keep-log.ts'
import { podsOf } from '../../shared/kubernetes/workload.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { clusterOf } from './cluster-of.ts'
import { testKubernetes } from './local-kubernetes.ts'
import { runningJob } from './running-job.ts'
import { storeProxy } from './store-proxy.ts'
import { testStore } from './store.ts'

/** A store, and the stand-in for Kubernetes with jobs that tests can watch. */
export async function watchedPlace (t: Test) {
  const store = await testStore(t)
  const proxy = await storeProxy(t)
  proxy.target = store.settings.S3_ENDPOINT
  const kubernetes = await testKubernetes(t)
  const cluster = clusterOf(kubernetes)

  /** A job that runs a line of shell. It can wait for `$HOME/go`. */
  async function run (script: string) {
    const { record, pod } = await runningJob({ store, cluster }, script)
    const { job_uuid: id } = record
    const attempt = pod.metadata!.uid!
    const change = async (next: Parameters<typeof advance>[1]): Promise<void> => {
      await advanceRecord(store, id, (record) => advance(record, next, new Date()))
    }
    await change({ state: 'running', started_at: new Date().toISOString(), attempt })
    return {
      id,
      attempt,
      change,
      pod,
      release: () => writeFileSync(`${kubernetes.dir}/pods/${attempt}/home/go`, ''),
      /** Keeps the log as job-completed does, and ends the job. */
      async end (state: State = 'succeeded'): Promise<void> {
        for (let kept = false; !kept;) {
          kept = await keepLog(store, cluster, id, (await podsOf(cluster, id))[0]!, 'to its end')
        }
        await change({ state })
      }
    }
  }

  return {
    store,
    /** The same store, whose requests `proxy` sees. */
    counted: openStore({ ...store.settings, S3_ENDPOINT: proxy.url }),
    proxy,
    cluster,
    run
  }
}

/** Of a script: waits until the test calls `release`. */
export const WAIT = 'until [ -e "$HOME/go" ]; do sleep 0.02; done'
