import type { Static } from 'typebox'
import type { State } from '../../shared/job/job-state.ts'
import type { JobView } from '../../shared/job/job-view.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'

export type Job = Static<typeof JobView>

/** What no document of a job is without. */
export const JOB_MEMBERS = [
  'job_uuid', 'state', 'template', 'created_at', 'started_at', 'finished_at', 'results', 'progress', 'env'
] as const satisfies (keyof Job)[]

/** The exit code of a command that has waited for the job, by the state in which it ended. */
const codes: Record<State, ExitCode | undefined> = {
  accepted: undefined,
  pending: undefined,
  running: undefined,
  succeeded: EXIT.done,
  failed: EXIT.failed,
  canceled: EXIT.canceled,
  lost: EXIT.failed
}

export function hasEnded ({ state }: Pick<Job, 'state'>): boolean {
  return codes[state] !== undefined
}

export function codeOfEnd ({ state }: Pick<Job, 'state'>): ExitCode {
  return codes[state] ?? EXIT.unended
}
