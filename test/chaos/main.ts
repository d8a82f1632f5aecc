/**
 * Runs random jobs on the local host while requests fail and processes are killed, and judges every job.
 *
 * Everything planned follows from a seed (CHAOS_SEED, or the day): the jobs with their scripts, clients, cancels and
 * kills, and the fate of the n-th request of each kind at each proxy. What does not follow from it is how concurrent
 * processes interleave: which job has the n-th request, and where exactly a kill hits.
 *
 * CHAOS_JOBS says how many jobs, CHAOS_AT_ONCE how many together, CHAOS_SECONDS when no more are asked for, CHAOS_STORE
 * (weed or minio) where.
 */
import t, { type Test } from 'tap'
import { findMinio } from './find-minio.ts'
import { planRounds } from './plan-rounds.ts'
import { reportLines } from './report.ts'
import { runRound } from './run-round.ts'
import { chaosSettings, type ChaosStore } from './settings.ts'

/** What a round needs after its last job was asked for. */
const END_SECONDS = 25

t.setTimeout(0)
// So that what is to be done at the exit is done.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const { seed, jobs, atOnce, seconds, store } = chaosSettings(process.env, new Date())
const minio = findMinio()
if (minio === undefined && store !== 'weed') {
  if (store === 'minio') throw new Error('there is no MinIO on this machine: make e2e-parts builds it')
  t.comment('NO MINIO on this machine (make e2e-parts builds it): SeaweedFS only')
}
if (minio !== undefined) process.env['PATH'] = `${minio}:${process.env['PATH']}`
const stores: ChaosStore[] = store !== undefined ? [store] : minio === undefined ? ['weed'] : ['weed', 'minio']
const rounds = planRounds(seed, jobs, stores)
t.comment(`chaos: seed ${seed}, ${jobs} jobs in ${rounds.length} rounds on ${stores.join(' and ')}`)
t.comment(`the same again: ${again({ seed, jobs, store: stores.length === 1 ? stores[0] : undefined })}`)

for (const [at, round] of rounds.entries()) {
  await t.test(`round ${at + 1}: ${round.jobs} jobs with seed ${round.seed} on ${round.store}`, async (t) => {
    t.comment(`this round again: ${again(round)}`)
    useStore(round.store)
    const share = seconds === undefined ? Infinity : seconds / rounds.length - END_SECONDS
    const report = await runRound(round, { atOnce, askUntil: Date.now() + share * 1000 })
    for (const line of reportLines(report)) t.comment(line)
    for (const { name, kind, id, end, violations } of report.jobs) {
      const about = `${name} ${kind} ${id} ${end}`
      const wrong = violations.map(({ rule, detail }) => `${rule}: ${detail}`).join('; ')
      if (wrong === '') t.pass(about)
      else fail(t, `${about}: ${wrong}`)
    }
    for (const { rule, detail } of report.others) fail(t, `${rule}: ${detail}`)
    if (!t.passing()) t.comment(`the log of this round: ${report.logFile}`)
  })
}

function fail (test: Test, message: string): void {
  test.fail(message, { diagnostic: false })
}

function again ({ seed, jobs, store }: { seed: string, jobs: number, store: ChaosStore | undefined }): string {
  return `${store === undefined ? '' : `CHAOS_STORE=${store} `}CHAOS_SEED=${seed} CHAOS_JOBS=${jobs} make chaos`
}

function useStore (store: ChaosStore): void {
  if (store === 'minio') process.env['LOCAL_STORE'] = store
  else delete process.env['LOCAL_STORE']
}
