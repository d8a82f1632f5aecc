import { readRecord } from '../../../shared/job/record-store.ts'
import { logKey } from '../../../shared/store/bucket-layout.ts'
import { getObject } from '../../../shared/store/object-store.ts'
import { poll } from '../../support/poll.ts'
import { ask, askFirst } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { endedJob } from '../parts/end-job.ts'
import { startFunction } from '../parts/function.ts'
import type { Opened } from '../parts/jobs.ts'
import { quiet } from '../parts/quiet.ts'
import { jobEvent } from '../parts/requests.ts'
import { startStub } from '../parts/stub.ts'
import type { Row } from '../row.ts'

const JOBS = 50
const LOG_BYTES = 10 * 1024 * 1024

export const logs: Row = {
  name: 'logs',
  title: 'Logs of many jobs',
  about: `${JOBS} jobs end at once, each with a log of 10 MiB, which job-completed keeps.`,
  rounds: { quick: 1, full: 3 },
  lines: [{ what: 'peak memory', figure: 'peak', unit: 'MB', reach: 200, then: 150 }],
  async open (bench) {
    const { store, settings } = await newBucket(bench)
    const stub = await startStub(bench)
    await stub.setLog(LOG_BYTES)
    const kubeconfig = stub.kubeconfig()
    return {
      product: async () => {
        const jobs: Opened[] = []
        for (let made = 0; made < JOBS; made++) jobs.push(await endedJob({ store, stub }))
        const one = await startFunction(bench, 'job-completed', { settings, kubeconfig })
        await askFirst(`${one.url}/health/readiness`, 200)
        await Promise.all(jobs.map(async ({ job }) => await ask(one.url, 204, jobEvent(job))))
        await quiet(one)
        for (const { id } of jobs) {
          const { body } = await poll('the log is kept', async () => await getObject(store, logKey(id)), 120)
          const size = body.length
          const state = (await readRecord(store, id))?.record.state
          if (size !== LOG_BYTES || state !== 'succeeded') throw new Error(`job ${id}: ${state}, a log of ${size} bytes`)
        }
        return { peak: (await one.kill()).peak / 1e6 }
      }
    }
  }
}
