import { durationText } from '../../shared/words/amounts.ts'
import type { Job } from '../api/shapes.ts'
import { now } from '../show/now.ts'
import { Time } from '../show/time.tsx'

/** When things happened to the job, and when it will be removed. */
export function Times ({ job }: { job: Job }) {
  const { created_at: created, started_at: started, finished_at: finished, expires_at: expires, owner } = job
  const end = finished === null ? now.value : Date.parse(finished)
  return (
    <dl class='facts'>
      <div><dt>Requested</dt><dd><Time at={created} /></dd></div>
      {started !== null && <div><dt>Started</dt><dd><Time at={started} /></dd></div>}
      {started !== null &&
        <div><dt>{finished === null ? 'Runs for' : 'Took'}</dt><dd>{durationText(end - Date.parse(started))}</dd></div>}
      {finished !== null && <div><dt>Ended</dt><dd><Time at={finished} /></dd></div>}
      {expires !== null && <div><dt>Removed</dt><dd><Time at={expires} /></dd></div>}
      {owner !== null && <div><dt>Owner</dt><dd>{owner}</dd></div>}
    </dl>
  )
}
