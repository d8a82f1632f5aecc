import { ask } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { LIMITED } from '../parts/function.ts'
import { openJobs } from '../parts/jobs.ts'
import { ping } from '../parts/requests.ts'
import { startStub } from '../parts/stub.ts'
import { countTo } from '../parts/wire.ts'
import { startWired } from '../parts/wired.ts'
import type { Bench } from '../bench.ts'
import type { Figures, Line, Row, Sides } from '../row.ts'

const MB = 1e6

/**
 * Sides that each start a function with so many running jobs in which nothing happens, and send two pings: for the
 * first one there are no notes of earlier pings. Then a ping meets a new process, which finds the notes.
 */
async function pingsWith (bench: Bench, jobs: number): Promise<Sides> {
  const { store, settings } = await newBucket(bench)
  const stub = await startStub(bench)
  await openJobs({ store, stub }, jobs)

  async function side (name: 'job-completed' | 'deploy'): Promise<Figures> {
    const figures: Figures = {}
    for (const pings of [['first', 'second'], ['again']]) {
      const { url, during, connections, kill } = await startWired(bench, name, settings, stub, {
        nodeArgs: LIMITED,
        // A job is looked at again until its marker is two minutes old.
        aheadMs: 3600_000
      })
      for (const at of pings) {
        const began = performance.now()
        const seen = await during(async () => await ask(url, 204, ping()))
        figures[`${at} store`] = countTo('store', seen)
        figures[`${at} api`] = countTo('api', seen)
        figures[`${at} seconds`] = (Math.max(began, ...seen.map(({ ended }) => ended)) - began) / 1000
      }
      figures['connections'] = Math.max(figures['connections'] ?? 0, connections())
      figures['peak'] = Math.max(figures['peak'] ?? 0, (await kill()).peak / MB)
    }
    return figures
  }

  return { completed: async () => await side('job-completed'), deploy: async () => await side('deploy') }
}

const requests = (of: string, name: string, reach: number): Line[] => [
  { what: `${name}, without notes: requests to the store`, of, figure: 'first store' },
  { what: `${name}, without notes: requests to the API server`, of, figure: 'first api' },
  { what: `${name}, the next ping: requests to the store`, of, figure: 'second store', reach },
  { what: `${name}, the next ping: requests to the API server`, of, figure: 'second api', reach },
  { what: `${name}, a new process: requests to the store`, of, figure: 'again store', reach },
  { what: `${name}, a new process: requests to the API server`, of, figure: 'again api', reach }
]

export const pings: Row = {
  name: 'pings',
  title: 'One ping with 1,000 open jobs',
  about: '1,000 jobs have run for an hour, and there is nothing to repair. For the very first ping there are no notes of ' +
    'earlier ones: each job is looked at. Then another ping comes, and one to a new process. The heap is that of a ' +
    'container with 512 MiB.',
  rounds: { quick: 1, full: 1 },
  lines: [
    ...requests('completed', 'job-completed', 30),
    { what: 'job-completed: connections', of: 'completed', figure: 'connections' },
    ...requests('deploy', 'deploy', 30)
  ],
  open: async (bench) => await pingsWith(bench, 1000)
}

export const manyPings: Row = {
  name: 'many-pings',
  title: 'One ping with 10,000 open jobs',
  about: 'The same with 10,000 jobs. Not part of a quick run.',
  rounds: { quick: 0, full: 1 },
  lines: [
    ...([['completed', 'job-completed'], ['deploy', 'deploy']] as const).flatMap(([of, name]): Line[] => [
      { what: `${name}, without notes: time`, of, figure: 'first seconds', unit: 's', reach: 20 },
      { what: `${name}, the next ping: time`, of, figure: 'second seconds', unit: 's', reach: 20, then: 5 },
      { what: `${name}, a new process: time`, of, figure: 'again seconds', unit: 's', reach: 20, then: 5 },
      { what: `${name}, the next ping: requests to the store`, of, figure: 'second store' },
      { what: `${name}, the next ping: requests to the API server`, of, figure: 'second api' },
      { what: `${name}: peak memory`, of, figure: 'peak', unit: 'MB', reach: 200 }
    ])
  ],
  open: async (bench) => await pingsWith(bench, 10_000)
}

export const idleJob: Row = {
  name: 'idle-job',
  title: 'An open job in which nothing happens',
  about: 'What one more open job costs in an hour: the requests of both functions for a ping with 21 open jobs, without ' +
    'those with 1, divided by 20, times 60.',
  rounds: { quick: 1, full: 1 },
  lines: [{ what: 'requests an hour', figure: 'requests', reach: 60, then: 5 }],
  async open (bench) {
    return {
      product: async () => {
        const [one, more] = [await pingsWith(bench, 1), await pingsWith(bench, 21)]
        return { requests: (await secondPing(more) - await secondPing(one)) / 20 * 60 }
      }
    }
  }
}

/** The requests of both functions for a ping after the first one. */
async function secondPing (sides: Sides): Promise<number> {
  let sum = 0
  for (const run of Object.values(sides)) {
    const figures = await run()
    sum += figures['second store']! + figures['second api']!
  }
  return sum
}
