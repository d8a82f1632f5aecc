import type { Static } from 'typebox'
import { isTerminal } from '../../../shared/job/job-state.ts'
import type { JobView } from '../../../shared/job/job-view.ts'
import { broken, degraded, type Row, works } from '../row.ts'

type Job = Static<typeof JobView>

/** The longest delay of an event, with a cold start and one or two retries. The ping comes once a minute. */
const PROMPT_MS = 15_000
const PING_MS = 60_000

/** How the canary ended, whether events reported it, and whether its results have the recorded sha256. */
export function canaryRows (job: Job, results: { name: string, right: boolean }[]): Row[] {
  return [
    endRow(job),
    ...(isTerminal(job.state) ? [eventRow(job)] : []),
    ...(job.state === 'succeeded' ? [resultRow(results)] : [])
  ]
}

function endRow (
  { state, reason, job_uuid: id, template, created_at: created, finished_at: finished, expires_at: expires }: Job
): Row {
  const check = 'canary: job'
  if (state === 'succeeded') {
    return works(
      check,
      `${template} succeeded in ${seconds(created, finished ?? created)} s; it is kept until ${expires} (${id})`
    )
  }
  const seen = `${template} is ${state}${reason === null ? '' : `, ${reason}`} (${id})`
  if (isTerminal(state)) {
    return broken(
      check,
      seen,
      `see the log of the job (GET /job/${id}/log) and the log of ${
        reason === 'ResultsIncomplete' ? 'result-upload' : 'job-completed'
      }`
    )
  }
  if (state === 'running') {
    return degraded(
      check,
      `${seen} after three minutes and was canceled`,
      'choose a template that ends sooner: make doctor CANARY=…'
    )
  }
  return broken(
    check,
    `${seen} after three minutes and was canceled`,
    `kubectl get events -n gx4ki-jobs --field-selector=involvedObject.kind=Pod | grep ${id}`
  )
}

/** Events arrive if the record shows the end or the start so early that no ping can have reported it. */
function eventRow ({ history, started_at: started, finished_at: finished }: Job): Row {
  const check = 'canary: events'
  const end = history.at(-1)!
  const at = history.findIndex(({ state }) => state === 'running')
  const start = history[at]?.at
  // If no event reported the start, the record gets it with the end: at the start time of the pod or at the time of the
  // state before.
  const wasTold = start !== undefined && start !== started && start !== history[at - 1]?.at
  const told = [howTold(finished, end.at), wasTold ? howTold(started, start) : undefined]
  if (told.includes('event')) return works(check, `the end was recorded ${seconds(finished ?? end.at, end.at)} s later`)
  const mend =
    'check the Trigger job-completed, the ApiServerSource jobs and its pod in gx4ki-jobs, and the log of job-completed'
  if (told.includes('either')) {
    return degraded(
      check,
      'it ended just when a ping was due, so either the event or the ping may have reported it',
      'run make doctor again'
    )
  }
  return degraded(check, `only the ping reported its end, ${seconds(finished ?? end.at, end.at)} s later`, mend)
}

/** How a change was reported. `either`: the record shows it promptly, but a ping came in between. */
function howTold (happened: string | null | undefined, known: string): 'event' | 'ping' | 'either' | undefined {
  if (!happened) return undefined
  const [from, to] = [Date.parse(happened), Date.parse(known)]
  if (to - from > PROMPT_MS) return 'ping'
  return Math.floor(from / PING_MS) === Math.floor(to / PING_MS) ? 'event' : 'either'
}

function resultRow (results: { name: string, right: boolean }[]): Row {
  const check = 'canary: results'
  const wrong = results.filter(({ right }) => !right).map(({ name }) => name)
  if (wrong.length > 0) {
    return broken(
      check,
      `do not match the recorded size or sha256: ${wrong.join(', ')}`,
      'see the log of result-fetch, and check every proxy between it and the store'
    )
  }
  return works(
    check,
    results.length === 0
      ? 'the job has no result files'
      : `${results.length} match the recorded sha256`
  )
}

function seconds (from: string, to: string): string {
  // Kubernetes has times in whole seconds, so a later time may look earlier.
  return (Math.max(0, Date.parse(to) - Date.parse(from)) / 1000).toFixed(1)
}
