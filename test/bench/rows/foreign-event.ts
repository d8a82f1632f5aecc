import { ask, askFirst, inFlight } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { startFunction } from '../parts/function.ts'
import { managedFieldsOf } from '../parts/api-objects.ts'
import { jobOf } from '../parts/jobs.ts'
import { jobEvent } from '../parts/requests.ts'
import { startStub } from '../parts/stub.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import type { Row } from '../row.ts'

export const foreignEvent: Row = {
  name: 'foreign-event',
  title: 'Events about the Jobs of others',
  about: 'job-completed refuses events about Jobs that are not of this system. The floor is `JSON.parse` of the body. ' +
    'Rates are per second of CPU.',
  rounds: { quick: 3, full: 9 },
  lines: [
    {
      what: 'events ÷ `JSON.parse` of the body',
      figure: 'rate',
      over: 'floor',
      better: 'more',
      reach: 0.3,
      then: 0.5,
      because: 'a server of `node:http` alone that reads such a body, parses it and answers is at 0.25. There are such ' +
        'events only if another source sends them: the ApiServerSource of this project selects its Jobs'
    }
  ],
  async open (bench) {
    const { settings } = await newBucket(bench)
    const stub = await startStub(bench)
    const { url, cpu } = await startFunction(bench, 'job-completed', { settings, kubeconfig: stub.kubeconfig() })
    await askFirst(`${url}/health/readiness`, 200)
    const job = jobOf(newJobId())
    const managedFields = managedFieldsOf(job)
    const foreign = { ...job, metadata: { ...job.metadata, name: 'other', labels: { app: 'other' }, managedFields } }
    const times = bench.isQuick ? 1000 : 3000
    const { body } = jobEvent(foreign)

    async function product (): Promise<{ rate: number }> {
      const before = cpu()
      await inFlight(times, 8, async () => await ask(url, 422, jobEvent(foreign)))
      return { rate: times / (cpu() - before) * 1000 }
    }

    await product()
    return {
      product,
      floor: async () => {
        const before = process.cpuUsage()
        for (let done = 0; done < times * 10; done++) JSON.parse(body as string)
        const { user, system } = process.cpuUsage(before)
        return { rate: times * 10 / (user + system) * 1e6 }
      }
    }
  }
}
