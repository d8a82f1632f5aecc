import { setTimeout as sleep } from 'node:timers/promises'
import { isTerminal, type State } from '../../shared/job/job-state.ts'
import { askForJob } from './ask-for-job.ts'
import type { ChaosHost } from './chaos-host.ts'
import { type Counts, disturbHost, disturbJob } from './disturb.ts'
import type { Hit, ListedFile } from './observation.ts'
import type { PlannedJob } from './plan-jobs.ts'
import { readArchive } from './read-results.ts'

/** What was seen and done while a job ran. */
export interface JobRun {
  plan: PlannedJob
  accepted: string[]
  refused: string[]
  hits: Hit[]
  seen: string[]
  earlyArchive?: ListedFile[]
  /** Settled when nothing more is done to the job. */
  disturbed: Promise<unknown>
}

/** How long a job is followed while the faults last. After that another one takes its place. */
const FOLLOWED_MS = 30_000
const PAUSE_MS = 1000

/** Asks for a job, disturbs it as planned and follows it, until it has ended or that takes too long. */
export async function runJob (
  host: ChaosHost,
  plan: PlannedJob,
  counts: Counts,
  { healing, giveUp }: { healing: AbortSignal, giveUp: AbortSignal }
): Promise<JobRun> {
  host.log(`asks for ${plan.name}: ${plan.kind}`)
  const hits: Hit[] = []
  const disturbances: Promise<void>[] = []
  for (const one of plan.disturbances) {
    if (one.since === 'asked') disturbances.push(disturbHost(host, one, counts, healing))
  }
  const answers = await Promise.all(Array.from({ length: plan.clients }, () => askForJob(host, plan, giveUp)))
  const accepted = answers.flatMap((one) => one !== undefined && 'id' in one ? [one.id] : [])
  const run: JobRun = {
    plan,
    accepted,
    refused: answers.flatMap((one) => one !== undefined && 'refused' in one ? [one.refused] : []),
    hits,
    seen: [],
    disturbed: Promise.resolve()
  }
  const [id] = accepted
  if (id === undefined) return run
  host.log(`${plan.name} is ${id}`)
  for (const one of plan.disturbances) {
    if (one.since === 'started') disturbances.push(disturbJob(host, plan, id, one, hits, counts, giveUp))
  }
  run.disturbed = Promise.all(disturbances)
  await follow(host, id, run, giveUp)
  if (run.seen.some((state) => isTerminal(state as State))) {
    const archive = await readArchive(host.url, id).catch(() => undefined)
    if (archive !== undefined) run.earlyArchive = archive
  }
  return run
}

async function follow (
  { url }: ChaosHost,
  id: string,
  { seen }: JobRun,
  giveUp: AbortSignal
): Promise<void> {
  const until = Date.now() + FOLLOWED_MS
  while (Date.now() < until && !giveUp.aborted) {
    const state = await fetch(`${url}/job/${id}`, { signal: AbortSignal.timeout(10_000) }).then(
      async (answer) => answer.ok ? (await answer.json() as { state: string }).state : undefined
    ).catch(() => undefined)
    if (state !== undefined && state !== seen.at(-1)) seen.push(state)
    if (state !== undefined && isTerminal(state as State)) return
    await sleep(PAUSE_MS)
  }
}
