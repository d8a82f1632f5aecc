import { broken, degraded, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'
import { type Findings, kinds, type Orphan } from './find-orphans.ts'

const DAY_MS = 24 * 3600_000

/** One row for each kind of orphan, with the first keys. */
export function orphanRows ({ orphans, jobs, objects }: Pick<Findings, 'orphans' | 'jobs' | 'objects'>): Row[] {
  if (orphans.length === 0) return [works('orphans in the store', `none among ${objects} objects of ${jobs} jobs`)]
  return byKind(orphans).map(([kind, these]) =>
    degraded(
      `orphans: ${kind}`,
      `${these.length} of ${jobsOf(these)} without a record: ${these.slice(0, 3).map(({ key }) => key).join(' ')}${
        these.length > 3 ? ' …' : ''
      }`,
      'make doctor FIX=1'
    )
  )
}

export function removalRows ({ removed, failed }: { removed: Orphan[], failed: Map<string, unknown> }): Row[] {
  return [
    ...byKind(removed).map(([kind, these]) => works(`orphans: ${kind}`, `removed ${these.length} of ${jobsOf(these)}`)),
    ...[...failed].map(([job, error]) =>
      broken('orphans in the store', `the objects of job ${job} cannot be removed: ${wordsOf(error)}`, 'remove them by hand')
    )
  ]
}

/** Other leftovers. The doctor does not remove them, because an operator must look at them first. */
export function leftoverRows (
  { overdue, unreadable, deadLetters }: Pick<Findings, 'overdue' | 'unreadable' | 'deadLetters'>,
  now: Date
): Row[] {
  const rows: Row[] = []
  if (overdue.length > 0) {
    rows.push(
      degraded(
        'ended jobs',
        `${overdue.length} ended more than an hour ago and still have a marker: ${overdue.slice(0, 3).join(' ')}`,
        'see the log of job-completed, which has the error at each ping'
      )
    )
  }
  if (unreadable.length > 0) {
    rows.push(
      broken(
        'records',
        `${unreadable.length} cannot be read: ${unreadable.slice(0, 3).join(' ')}`,
        'check state/<id>.json in the bucket; the objects of these jobs are never removed'
      )
    )
  }
  const recent = deadLetters.filter((at) => now.getTime() - Date.parse(at) < DAY_MS)
  const seen = `${recent.length} events could not be delivered within the last day, ${deadLetters.length} in total`
  rows.push(
    recent.length === 0
      ? works('dead letters', seen)
      : degraded(
        'dead letters',
        `${seen}, the last one at ${recent.at(-1)}`,
        'read dead-letter/… in the bucket and the logs of the functions at that time'
      )
  )
  return rows
}

function byKind (orphans: Orphan[]): [string, Orphan[]][] {
  return kinds.map((kind): [string, Orphan[]] => [kind, orphans.filter((orphan) => orphan.kind === kind)]).filter((
    [, these]
  ) => these.length > 0)
}

function jobsOf (orphans: Orphan[]): string {
  const { size } = new Set(orphans.map(({ job }) => job))
  return size === 1 ? '1 job' : `${size} jobs`
}
