import { durationText } from '../../shared/words/amounts.ts'
import type { Job } from '../api/shapes.ts'
import { hasEnded } from '../show/state-mark.tsx'

/** What the workload reports of its progress. */
export function ProgressBar ({ job: { state, progress } }: { job: Job }) {
  if (progress === null || hasEnded(state)) return null
  const { percent, message, remaining_seconds: remaining } = progress
  return (
    <p class='progress'>
      <progress max='100' value={percent} aria-label='Progress of the job' />
      <span>
        {Math.floor(percent)} %
        {message !== null && ` · ${message}`}
        {remaining !== null && ` · about ${durationText(remaining * 1000)} left`}
      </span>
    </p>
  )
}
