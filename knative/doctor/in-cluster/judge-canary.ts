import type { Static } from 'typebox'
import { isTerminal } from '../../../shared/job/job-state.ts'
import type { JobView } from '../../../shared/job/job-view.ts'
import { broken, degraded, type Row, works } from '../row.ts'

type Job = Static<typeof JobView>

/**
 * How soon after it happened an event tells of a thing, a cold start and a retry or two included; the ping comes once a
 * minute.
 */
const PROMPT_MS = 15_000
const PING_MS = 60_000

/** How the canary ended, whether events told of it, and whether its results are what they were. */
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
  const check = 'canary: a job'
  if (state === 'succeeded') {
    return works(
      check,
      `${template} succeeded in ${seconds(created, finished ?? created)} s; it stays until ${expires} (${id})`
    )
  }
  const seen = `${template} is ${state}${reason === null ? '' : `, ${reason}`} (${id})`
  if (isTerminal(state)) {
    return broken(
      check,
      seen,
      `see its log (GET /job/${id}/log), and that of ${
        reason === 'ResultsIncomplete' ? 'result-upload' : 'job-completed'
      }`
    )
  }
  if (state === 'running') {
    return degraded(
      check,
      `${seen} after three minutes, and was canceled`,
      'name a template that ends sooner: make doctor CANARY=…'
    )
  }
  return broken(
    check,
    `${seen} after three minutes, and was canceled`,
    `kubectl get events -n gx4ki-jobs --field-selector=involvedObject.kind=Pod | grep ${id}`
  )
}

/** Events arrive where the record knew of the end at once, and no ping can have told. */
function eventRow ({ history, started_at: started, finished_at: finished }: Job): Row {
  const check = 'canary: its events'
  const end = history.at(-1)!
  const at = history.findIndex(({ state }) => state === 'running')
  const start = history[at]?.at
  // A start that nobody was told of is filled in at the end, with the time of the pod itself, or of what came before.
  const wasTold = start !== undefined && start !== started && start !== history[at - 1]?.at
  const told = [howTold(finished, end.at), wasTold ? howTold(started, start) : undefined]
  if (told.includes('event')) return works(check, `the end was known ${seconds(finished ?? end.at, end.at)} s later`)
  const mend =
    'see the Trigger job-completed, the ApiServerSource jobs, its pod in gx4ki-jobs, and the log of job-completed'
  if (told.includes('either')) {
    return degraded(
      check,
      'it ended just as a ping was due, so nobody can tell which of the two told',
      'once more: make doctor'
    )
  }
  return degraded(check, `only the ping told of its end, ${seconds(finished ?? end.at, end.at)} s later`, mend)
}

/** `either` where a ping came in between, and it was prompt all the same. */
function howTold (happened: string | null | undefined, known: string): 'event' | 'ping' | 'either' | undefined {
  if (!happened) return undefined
  const [from, to] = [Date.parse(happened), Date.parse(known)]
  if (to - from > PROMPT_MS) return 'ping'
  return Math.floor(from / PING_MS) === Math.floor(to / PING_MS) ? 'event' : 'either'
}

function resultRow (results: { name: string, right: boolean }[]): Row {
  const check = 'canary: its results'
  const wrong = results.filter(({ right }) => !right).map(({ name }) => name)
  if (wrong.length > 0) {
    return broken(
      check,
      `not the bytes of their sha256: ${wrong.join(', ')}`,
      'see the log of result-fetch, and what is between it and the store'
    )
  }
  return works(
    check,
    results.length === 0
      ? 'there are none, as the template has it'
      : `${results.length} came back with the right sha256`
  )
}

function seconds (from: string, to: string): string {
  // Kubernetes has whole seconds, so what came after may seem to have come before.
  return (Math.max(0, Date.parse(to) - Date.parse(from)) / 1000).toFixed(1)
}
