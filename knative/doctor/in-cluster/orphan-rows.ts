import { broken, degraded, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'
import { type Findings, kinds, type Orphan } from './find-orphans.ts'

const DAY_MS = 24 * 3600_000

/** What is found of each kind, with the first of them. */
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
      broken('orphans in the store', `those of ${job} cannot be removed: ${wordsOf(error)}`, 'remove them by hand')
    )
  ]
}

/** What else is left behind, but is not to be removed unseen. */
export function leftoverRows (
  { overdue, unreadable, deadLetters }: Pick<Findings, 'overdue' | 'unreadable' | 'deadLetters'>,
  now: Date
): Row[] {
  const rows: Row[] = []
  if (overdue.length > 0) {
    rows.push(
      degraded(
        'jobs that have ended',
        `${overdue.length} with something still owed after an hour: ${overdue.slice(0, 3).join(' ')}`,
        'the log of job-completed says at each ping what fails'
      )
    )
  }
  if (unreadable.length > 0) {
    rows.push(
      broken(
        'records',
        `${unreadable.length} cannot be read: ${unreadable.slice(0, 3).join(' ')}`,
        'look at state/<id>.json; nothing of these jobs is ever removed'
      )
    )
  }
  const recent = deadLetters.filter((at) => now.getTime() - Date.parse(at) < DAY_MS)
  const seen = `${recent.length} events could not be delivered within the last day, ${deadLetters.length} ever`
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
