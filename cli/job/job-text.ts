import type { Paint } from '../show/paint.ts'
import { bytesText, durationText } from '../../shared/words/amounts.ts'
import { printable } from '../../shared/words/printable.ts'
import { hasEnded, type Job } from './job.ts'

const MARKS = {
  accepted: ['○', 'dim'],
  pending: ['○', 'yellow'],
  running: ['◔', 'bold'],
  succeeded: ['✓', 'green'],
  failed: ['✕', 'red'],
  canceled: ['✕', 'yellow'],
  lost: ['✕', 'red']
} as const

/** `✓ succeeded in 27m 14s`: the state of a job in one line. */
export function stateLine (job: Job, paint: Paint): string {
  const { state, reason, started_at: started, created_at: created, finished_at: finished } = job
  const [mark, colour] = MARKS[state] ?? ['?', 'dim']
  const took = finished === null ? '' : ` in ${durationText(Date.parse(finished) - Date.parse(started ?? created))}`
  return `${paint(colour, `${mark} ${printable(state)}`)}${took}${reason === null ? '' : ` (${printable(reason)})`}`
}

/** What is stored of a job, in words; empty as long as that is nothing. */
export function resultsText ({ results }: Job): string {
  if (results === null) return ''
  return `${results.files} ${results.files === 1 ? 'file' : 'files'}, ${bytesText(results.bytes)}`
}

/** How far a job says that it is: `42 %, simulating town 3, about 2m left`; empty if it does not say. */
export function progressText ({ progress }: Job): string {
  if (progress === null) return ''
  const { percent, message, remaining_seconds: left } = progress
  return [
    `${Math.round(percent)} %`,
    ...(message === null ? [] : [printable(message)]),
    ...(left === null ? [] : [`about ${durationText(left * 1000)} left`])
  ].join(', ')
}

/** Everything that a person wants to know of a job. */
export function jobText (job: Job, paint: Paint): string {
  const { job_uuid: id, template, message, exit_code: exit, env, callback, owner } = job
  const [results, progress] = [resultsText(job), progressText(job)]
  const rows: [string, string | null][] = [
    ['Job', id],
    ['State', stateLine(job, paint)],
    ['Progress', progress === '' ? null : progress],
    ['Why', message],
    ['Template', template],
    ['Owner', owner],
    ['Created', job.created_at],
    ['Started', job.started_at],
    ['Ended', job.finished_at],
    ['Exit code', exit === null ? null : String(exit)],
    ['Results', results === '' ? null : `${results}${hasEnded(job) && !job.results!.complete ? ', not complete' : ''}`],
    ['Kept until', job.expires_at],
    ['Callbacks', callback],
    ...Object.entries(env).map(([name, value]): [string, string] => ['Variable', `${name}=${value}`])
  ]
  return rows.flatMap(([title, text]) =>
    text === null ? [] : [`${`${title}:`.padEnd(12)}${title === 'State' ? text : printable(text)}\n`]
  ).join('')
}
