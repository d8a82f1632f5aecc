import { setTimeout as sleep } from 'node:timers/promises'
import { type ChaosHost, startChaosHost } from './chaos-host.ts'
import type { Counts } from './disturb.ts'
import { gatherJob } from './gather-job.ts'
import { gatherLeftovers } from './gather-leftovers.ts'
import { judgeJob } from './judge-job.ts'
import { judgeShare } from './judge-share.ts'
import { judgeLeftovers } from './leftovers.ts'
import type { Observation } from './observation.ts'
import { planJobs } from './plan-jobs.ts'
import type { Round } from './plan-rounds.ts'
import { keepUploaderLog } from './keep-uploader-log.ts'
import { type JobRun, runJob } from './run-job.ts'
import { settle } from './settle.ts'

export interface JudgedJob {
  name: string
  kind: string
  id: string
  end: string
  violations: { rule: string, detail: string }[]
}

export interface RoundReport {
  jobs: JudgedJob[]
  /** Violations that are not those of one job of the plan. */
  others: { rule: string, detail: string }[]
  /** How many jobs of the plan were not asked for, because the time was over. */
  notAsked: number
  requests: number
  faults: Counts
  disturbances: Counts
  pings: number
  seconds: { faults: number, healing: number, judging: number }
  logFile: string
}

export interface RoundOptions {
  atOnce: number
  /** After that no job is asked for any more. */
  askUntil: number
}

/** How much longer than the last request for a job the faults last at most. */
const FAULTY_END_MS = 10_000

/** How long nothing may change without faults before what is still open counts as stuck. */
const STUCK_SECONDS = 30

/** How long a client asks when there are no faults any more. */
const PATIENCE_MS = 60_000

/** Runs the jobs of a round with all their faults, ends the faults and judges every job. */
export async function runRound (round: Round, { atOnce, askUntil }: RoundOptions): Promise<RoundReport> {
  const [healing, giveUp] = [new AbortController(), new AbortController()]
  const host = await startChaosHost(round.seed)
  let isGood = false
  try {
    const begun = Date.now()
    const disturbances: Counts = new Map()
    const signals = { healing: healing.signal, giveUp: giveUp.signal }
    const plan = planJobs(round.seed, round.jobs)
    const running: Promise<JobRun>[] = []

    const worker = async (): Promise<void> => {
      while (Date.now() < askUntil) {
        const { value: job } = plan.next()
        if (job === undefined) return
        const run = runJob(host, job, disturbances, signals)
        running.push(run)
        await run
      }
    }
    const workers = Promise.all(Array.from({ length: atOnce }, worker))
    const outOfTime = Number.isFinite(askUntil) ? sleep(askUntil + FAULTY_END_MS - Date.now()) : workers
    await Promise.race([workers, outOfTime])
    const healed = Date.now()
    await heal(host, healing)
    const patience = setTimeout(() => giveUp.abort(), PATIENCE_MS)
    await workers
    const runs = await Promise.all(running)
    const pings = await settle(host, STUCK_SECONDS)
    clearTimeout(patience)
    giveUp.abort()
    await Promise.all(runs.map((run) => run.disturbed))

    const settled = Date.now()
    const jobs: JudgedJob[] = []
    for (const run of runs) {
      const observation = await gatherJob(host, run)
      const job = judged(observation)
      host.log(`${job.name} ${job.id} was ${observation.written.map(({ state }) => state).join(' → ')}`)
      jobs.push(job)
      if (job.violations.length > 0) await keepUploaderLog(host, job)
    }
    const others = [...judgeLeftovers(await gatherLeftovers(host, runs)), ...judgeShare(jobs)]
    const proxies = Object.entries(host.proxies)
    isGood = others.length === 0 && jobs.every(({ violations }) => violations.length === 0)
    return {
      jobs,
      others,
      notAsked: round.jobs - runs.length,
      requests: proxies.reduce((sum, [, { requests }]) => sum + requests, 0),
      faults: new Map([
        ...proxies.flatMap(([name, { counts }]) => [...counts].map(([fault, count]) => [`${name}: ${fault}`, count] as const)),
        ...[...host.webhook.counts].map(([fault, count]) => [`webhook: ${fault}`, count] as const)
      ]),
      disturbances,
      pings,
      seconds: {
        faults: (healed - begun) / 1000,
        healing: (settled - healed) / 1000,
        judging: (Date.now() - settled) / 1000
      },
      logFile: host.logFile
    }
  } catch (error) {
    throw new Error(`the round broke off; its log is ${host.logFile}`, { cause: error })
  } finally {
    giveUp.abort()
    await host.stop({ keepLog: !isGood })
  }
}

async function heal (host: ChaosHost, healing: AbortController): Promise<void> {
  host.log('heals')
  healing.abort()
  for (const proxy of Object.values(host.proxies)) proxy.heal()
  host.webhook.heal()
  await Promise.all([...host.services.values()].map((service) => service.ready()))
}

function judged (observation: Observation): JudgedJob {
  const { plan: { name, kind }, accepted, job } = observation
  const end = job === undefined ? 'unknown' : job.reason === null ? job.state : `${job.state}/${job.reason}`
  return { name, kind, id: accepted[0] ?? 'never accepted', end, violations: judgeJob(observation) }
}
