import { durationText } from '../../shared/words/amounts.ts'
import type { ListedJob } from '../api/shapes.ts'
import { hashOf } from '../route.ts'
import { now } from '../show/now.ts'
import { StateMark } from '../show/state-mark.tsx'
import { Time } from '../show/time.tsx'

export function JobRow ({ job }: { job: ListedJob }) {
  const { job_uuid: id, state, reason, template, created_at: created, progress } = job
  return (
    <tr>
      <td>
        <StateMark state={state} />
        {progress !== null && state === 'running' && <span class='quiet'> {Math.floor(progress.percent)} %</span>}
        {reason !== null && <span class='quiet'> {reason}</span>}
      </td>
      <th scope='row'><a href={hashOf({ view: 'job', id })}>{shortId(id)}</a></th>
      <td>{template}</td>
      <td><Time at={created} /></td>
      <td>{took(job)}</td>
    </tr>
  )
}

/** The begin of an id is a time, so jobs of the same second differ at its end. */
export function shortId (id: string): string {
  return `${id.slice(0, 8)}…${id.slice(-4)}`
}

function took ({ started_at: started, finished_at: finished }: ListedJob): string {
  if (started === null) return ''
  return durationText((finished === null ? now.value : Date.parse(finished)) - Date.parse(started))
}
