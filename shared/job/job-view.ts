import { Type, type Static } from 'typebox'
import { CallbackState, callbackState } from './callbacks/callback.ts'
import { JobId } from './job-id.ts'
import type { JobRecord } from './job-record.ts'
import { isTerminal, State } from './job-state.ts'
import { Progress } from './progress.ts'
import { ResultCounts } from './result-counts.ts'
import type { SoFar } from './so-far.ts'

export const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' })

export const JobLinks = Type.Object({ self: Type.String(), results: Type.String(), log: Type.String() }, {
  title: 'JobLinks'
})

const StateChange = Type.Object({ state: State, at: Time }, { title: 'StateChange' })

const listed = {
  job_uuid: JobId,
  state: State,
  reason: Type.Union([Type.String(), Type.Null()], {
    description: 'Why the job is pending or how it ended; null when there is no reason'
  }),
  template: Type.String(),
  owner: Type.Union([Type.String(), Type.Null()], {
    description: 'The owner of the job; null if no credential was required when the job was created'
  }),
  created_at: Time,
  started_at: Type.Union([Time, Type.Null()]),
  finished_at: Type.Union([Time, Type.Null()]),
  exit_code: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The exit code of the workload; null until there is one'
  }),
  expires_at: Type.Union([Time, Type.Null()], {
    description: 'When the job is removed with its results and its log; null until the job has ended'
  }),
  callback: Type.Union([CallbackState, Type.Null()], {
    description: 'The worst state of all callbacks of the job; null when there are no callbacks'
  }),
  progress: Type.Union([Progress, Type.Null()], {
    description: 'How far the workload is; null when it does not report that, and when it does not run'
  })
}

/** A job in a list. */
export const ListedJob = Type.Object({ ...listed, links: JobLinks }, { title: 'ListedJob' })

/** A job as callers see it. */
export const JobView = Type.Object({
  ...listed,
  message: Type.Union([Type.String(), Type.Null()], { description: 'The reason in one or two sentences, for people' }),
  results: Type.Union([ResultCounts, Type.Null()], {
    description: 'The results that are stored: so far while the job runs, in all when it has ended; null when there ' +
      'are none yet'
  }),
  env: Type.Record(Type.String(), Type.String(), {
    description: 'The environment of the workload; secret values are left out'
  }),
  history: Type.Array(StateChange),
  links: JobLinks
}, { title: 'Job' })

export function linksOf (id: string): Static<typeof JobLinks> {
  return { self: `/job/${id}`, results: `/job/${id}/result/list`, log: `/job/${id}/log` }
}

/** A job as callers see it. For a job that runs, results and progress are not in the record. */
export function viewOf (record: JobRecord, { results, progress }: SoFar = {}): Static<typeof JobView> {
  return {
    job_uuid: record.job_uuid,
    state: record.state,
    reason: record.reason ?? null,
    message: record.message ?? null,
    results: record.results ?? results ?? null,
    template: record.template,
    owner: record.owner ?? null,
    created_at: record.created_at,
    started_at: record.started_at ?? null,
    finished_at: record.finished_at ?? null,
    exit_code: record.exit_code ?? null,
    expires_at: record.expires_at ?? null,
    callback: callbackState(record.callbacks) ?? null,
    progress: (isTerminal(record.state) ? undefined : progress) ?? null,
    env: record.env,
    history: record.history,
    links: linksOf(record.job_uuid)
  }
}
