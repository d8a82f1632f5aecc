import { ask, askFirst, inFlight } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { startFunction } from '../parts/function.ts'
import { openJobs } from '../parts/jobs.ts'
import { deployRequest, jobEvent } from '../parts/requests.ts'
import { startStub } from '../parts/stub.ts'
import type { Row } from '../row.ts'

const MB = 1e6

export const memory: Row = {
  name: 'memory',
  title: 'Memory after many requests',
  about: 'The memory of a process after 3,000 requests (a quick run: 500), 16 in flight, without a limit: deploys, and ' +
    'events about running jobs.',
  rounds: { quick: 1, full: 3 },
  lines: [
    { what: 'deploy', of: 'deploy', figure: 'memory', unit: 'MB', reach: 150, then: 110 },
    { what: 'job-completed', of: 'completed', figure: 'memory', unit: 'MB', reach: 150, then: 110 }
  ],
  async open (bench) {
    const { store, settings } = await newBucket(bench)
    const stub = await startStub(bench)
    const kubeconfig = stub.kubeconfig()
    const jobs = await openJobs({ store, stub }, 20)
    const times = bench.isQuick ? 500 : 3000
    return {
      deploy: async () => {
        const { url, memory, kill } = await startFunction(bench, 'deploy', { settings, kubeconfig })
        await askFirst(`${url}/health/readiness`, 200)
        await inFlight(times, 16, async () => await ask(`${url}/job/deploy`, 202, deployRequest))
        const held = memory()
        await kill()
        return { memory: held / MB }
      },
      completed: async () => {
        const { url, memory, kill } = await startFunction(bench, 'job-completed', { settings, kubeconfig })
        await askFirst(`${url}/health/readiness`, 200)
        await inFlight(times, 16, async (index) => await ask(url, 204, jobEvent(jobs[index % jobs.length]!.job)))
        const held = memory()
        await kill()
        return { memory: held / MB }
      }
    }
  }
}
