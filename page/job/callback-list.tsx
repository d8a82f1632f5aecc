import { ask, askJson } from '../api/ask.ts'
import type { Callback, Job } from '../api/shapes.ts'
import { Failure } from '../show/failure.tsx'
import { Time } from '../show/time.tsx'
import { useAction } from '../show/use-action.ts'
import { useLoaded } from '../show/use-loaded.ts'

/** The callbacks that the job owes: to webhooks, and to the connector that has asked for it. */
export function CallbackList ({ job: { job_uuid: id, callback, state } }: { job: Job }) {
  const { value, error, again } = useLoaded(
    async (signal) => (await askJson<{ callbacks: Callback[] }>(`/job/${id}/callback`, { signal })).callbacks,
    [id, callback, state]
  )
  if (error !== undefined) return <Failure error={error} again={again} />
  if (value === undefined || value.length === 0) return null
  return (
    <section aria-labelledby='callbacks-title'>
      <h2 id='callbacks-title'>Callbacks</h2>
      <ul class='files'>
        {value.map((one) => <CallbackRow key={one.id} jobId={id} callback={one} refresh={again} />)}
      </ul>
    </section>
  )
}

interface RowOptions {
  jobId: string
  callback: Callback
  refresh: () => void
}

function CallbackRow ({ jobId, callback, refresh }: RowOptions) {
  const { id, kind, to, call, state, attempts, next_try_at: next } = callback
  const last = attempts.at(-1)

  const redeliver = useAction(async () => {
    await ask(`/job/${jobId}/callback/${id}/redeliver`, { method: 'POST' })
    refresh()
  })

  return (
    <li class='bar'>
      <span class='name'>{kind}{to !== null && <> to {to}</>}: {call}</span>
      <span class={state === 'dead' ? 'bad-text' : undefined}>{state}</span>
      {last !== undefined && (
        <span class='quiet'>
          attempt {attempts.length} <Time at={last.at} />: {last.status ?? last.error ?? 'no answer'}
        </span>
      )}
      {next !== null && <span class='quiet'>next <Time at={next} /></span>}
      {state !== 'owed' && <button type='button' onClick={redeliver.run}>Send again</button>}
      {redeliver.error && <Failure error={redeliver.error} />}
    </li>
  )
}
