import { readRecord } from '../../../shared/job/record-store.ts'
import { ask, askFirst } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { endedJob } from '../parts/end-job.ts'
import { startFunction } from '../parts/function.ts'
import { type Opened, openJob } from '../parts/jobs.ts'
import { quiet } from '../parts/quiet.ts'
import { jobEvent } from '../parts/requests.ts'
import { startStub } from '../parts/stub.ts'
import { chainOf, countTo, type Seen } from '../parts/wire.ts'
import { startWired } from '../parts/wired.ts'
import type { Figures, Line, Row, Sides } from '../row.ts'

/** Requests that need not wait for each other may do so by chance. So the shortest chain of a few events counts. */
const CHAINS = 3

const counted = (of: string, what: string, targets: Record<'store' | 'api' | 'cpu', Pick<Line, 'reach' | 'then'>>): Line[] => [
  { what: `${what}: requests to the store`, of, figure: 'store', ...targets.store },
  { what: `${what}: requests to the API server`, of, figure: 'api', ...targets.api },
  { what: `${what}: CPU`, of, figure: 'cpu', unit: 'ms', ...targets.cpu }
]

export const events: Row = {
  name: 'events',
  title: 'Events about a job',
  about: 'job-completed, warm, gets one event about a job after another. A terminal event says that the Job is Complete; ' +
    'its log is kept and its marker removed after the answer, which is counted too. The chain is the shortest of ' +
    `${CHAINS} events. A duplicate is the same event again. The other event is one about a Job that still runs.`,
  rounds: { quick: 2, full: 7 },
  lines: [
    ...counted('terminal', 'terminal event', {
      store: { reach: 8, then: 6 },
      api: { reach: 3, then: 3 },
      cpu: { reach: 4, then: 2.5 }
    }),
    { what: 'terminal event: requests in a chain', of: 'terminal', figure: 'chain', reach: 6, then: 5 },
    ...counted('duplicate', 'duplicate', {
      store: { reach: 2, then: 1 },
      api: { reach: 0, then: 0 },
      cpu: { reach: 1 }
    }),
    ...counted('nothing', 'event that changes nothing', {
      store: { reach: 1, then: 1 },
      api: { reach: 2, then: 1 },
      cpu: { reach: 1.5 }
    })
  ],
  async open (bench) {
    const { store, settings } = await newBucket(bench)
    const stub = await startStub(bench)
    const place = { store, stub }
    const wired = await startWired(bench, 'job-completed', settings, stub)
    const plain = await startFunction(bench, 'job-completed', { settings, kubeconfig: stub.kubeconfig() })
    await askFirst(`${plain.url}/health/readiness`, 200)
    const times = bench.isQuick ? 40 : 100

    /** The requests of one event. */
    async function requestsOf ({ id, job }: Opened, expected: string): Promise<Seen[]> {
      const seen = await wired.during(async () => await ask(wired.url, 204, jobEvent(job)))
      const state = (await readRecord(store, id))?.record.state
      if (state !== expected) throw new Error(`the event left the job ${state}, not ${expected}`)
      return seen
    }

    /** Counts the requests of an event, and measures the CPU of many. */
    async function figuresOf (make: () => Promise<Opened>, expected: string, chains = 1): Promise<Figures> {
      const seen: Seen[][] = []
      while (seen.length < chains) seen.push(await requestsOf(await make(), expected))
      const jobs: Opened[] = []
      for (let made = 0; made < times; made++) jobs.push(await make())
      await quiet(plain)
      const before = plain.cpu()
      for (const { job } of jobs) await ask(plain.url, 204, jobEvent(job))
      await quiet(plain)
      return {
        store: countTo('store', seen[0]!),
        api: countTo('api', seen[0]!),
        chain: Math.min(...seen.map(chainOf)),
        cpu: (plain.cpu() - before) / times
      }
    }

    const settled = await endedJob(place)
    await wired.during(async () => await ask(wired.url, 204, jobEvent(settled.job)))
    const running = await openJob(place)
    await stub.advance('run', running.job.metadata.name)
    await wired.during(async () => await ask(wired.url, 204, jobEvent(running.job)))
    const sides: Sides = {
      terminal: async () => await figuresOf(async () => await endedJob(place), 'succeeded', CHAINS),
      duplicate: async () => await figuresOf(async () => settled, 'succeeded'),
      nothing: async () => await figuresOf(async () => running, 'running')
    }
    await figuresOf(async () => await endedJob(place), 'succeeded')
    return sides
  }
}
