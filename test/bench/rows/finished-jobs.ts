import { newJobId } from '../../../shared/job/job-id.ts'
import { withStatus } from '../parts/api-objects.ts'
import { ask, askFirst } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { startFunction } from '../parts/function.ts'
import { jobOf } from '../parts/jobs.ts'
import { quiet } from '../parts/quiet.ts'
import { ping } from '../parts/requests.ts'
import { startStub } from '../parts/stub.ts'
import type { Row } from '../row.ts'

export const finishedJobs: Row = {
  name: 'finished-jobs',
  title: 'Finished Jobs that still stand',
  about: 'Jobs stay for a while after their end. A ping of job-completed with 5,000 of them (a quick run: 1,000) and no ' +
    'open job, against a ping with none.',
  rounds: { quick: 1, full: 3 },
  lines: [
    { what: 'CPU ÷ a ping with none', figure: 'cpu', over: 'none', reach: 1.2 },
    { what: 'memory ÷ after a ping with none', figure: 'peak', over: 'none', reach: 1.2 }
  ],
  async open (bench) {
    const { settings } = await newBucket(bench)
    const [full, empty] = [await startStub(bench), await startStub(bench)]
    const jobs = Array.from({ length: bench.isQuick ? 1000 : 5000 }, () => withStatus(jobOf(newJobId()), true, '2'))
    await full.add('jobs', jobs)

    const side = (stub: typeof full) => async () => {
      const one = await startFunction(bench, 'job-completed', { settings, kubeconfig: stub.kubeconfig() })
      await askFirst(`${one.url}/health/readiness`, 200)
      await ask(one.url, 204, ping())
      await quiet(one)
      const before = one.cpu()
      for (let sent = 0; sent < 5; sent++) await ask(one.url, 204, ping())
      await quiet(one)
      const cpu = one.cpu() - before
      return { cpu, peak: (await one.kill()).peak }
    }
    return { none: side(empty), product: side(full) }
  }
}
