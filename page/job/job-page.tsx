import { useEffect, useMemo, useState } from 'preact/hooks'
import { ask } from '../api/ask.ts'
import { isOfType } from '../api/refusal.ts'
import type { Job } from '../api/shapes.ts'
import { FileList } from '../files/file-list.tsx'
import { shortId } from '../jobs/job-row.tsx'
import { visible } from '../live/visible.ts'
import { watchedJob } from '../live/watched-job.ts'
import { LogView } from '../log/log-view.tsx'
import { hashOf } from '../route.ts'
import { Failure } from '../show/failure.tsx'
import { Heading } from '../show/heading.tsx'
import { Loading } from '../show/loading.tsx'
import { saveBlob } from '../show/save-blob.ts'
import { hasEnded, markOf, StateMark } from '../show/state-mark.tsx'
import { useTitle } from '../show/use-title.ts'
import { credential } from '../sign-in/credential.ts'
import { Actions } from './actions.tsx'
import { CallbackList } from './callback-list.tsx'
import { ConnectionBadge } from './connection-badge.tsx'
import { Inputs } from './inputs.tsx'
import { ProgressBar } from './progress-bar.tsx'
import { Times } from './times.tsx'

/** One job, live. */
export function JobPage ({ id }: { id: string }) {
  const watched = useMemo(() => watchedJob(id), [id])
  const isVisible = visible.value
  const [attempt, setAttempt] = useState(0)
  const again = (): void => setAttempt(attempt + 1)
  useEffect(() => {
    if (!isVisible) return
    const gone = new AbortController()
    watched.follow(gone.signal).catch(() => {})
    return () => gone.abort()
  }, [watched, isVisible, attempt, credential.value])

  const { value: job } = watched.job
  const { value: error } = watched.error
  // Of a job whose record was removed, nothing that is shown is true any more.
  const isGone = error !== undefined && isOfType(error, 'unknown-job')
  useTitle(job === undefined || isGone ? 'Job' : titleOf(job))
  if (job === undefined || isGone) {
    return (
      <>
        <Heading>Job {shortId(id)}</Heading>
        {error === undefined ? <Loading what='the job' /> : <NoJob error={error} again={again} />}
      </>
    )
  }
  return (
    <>
      <p class='path'><a href={hashOf({ view: 'jobs', state: '', template: '' })}>Jobs</a> / <code>{id}</code></p>
      <div class='bar'>
        <Heading>{job.template}</Heading>
        <StateMark state={job.state} />
        <ConnectionBadge connection={watched.connection.value} />
        <Actions job={job} changed={(to) => (watched.job.value = to)} />
      </div>
      <p role='status' class='unseen'>The job is {job.state}</p>
      {error !== undefined && <Failure error={error} again={again} />}
      <Why job={job} />
      <ProgressBar job={job} />
      <Times job={job} />
      <Inputs env={job.env} />
      <FileList job={job} />
      <CallbackList job={job} />
      <LogView lines={watched.log.value} note={watched.logNote.value} save={async () => await saveLog(id)} />
    </>
  )
}

/** Why the job waits or how it ended, where that needs words. */
function Why ({ job: { state, reason, message } }: { job: Job }) {
  if (reason === null && message === null) return null
  const kind = state === 'failed' || state === 'lost' ? 'box bad' : 'box'
  return (
    <div class={kind}>
      <strong>{reason}</strong>
      {message !== null && <p>{message}</p>}
    </div>
  )
}

function NoJob ({ error, again }: { error: Error, again: () => void }) {
  if (!isOfType(error, 'unknown-job')) return <Failure error={error} again={again} />
  return (
    <div class='box'>
      <p>There is no such job. It was removed at the end of its retention, or it belongs to somebody else.</p>
      <a href={hashOf({ view: 'jobs', state: '', template: '' })}>All jobs</a>
    </div>
  )
}

function titleOf ({ state, template, progress }: Job): string {
  const percent = progress !== null && !hasEnded(state) ? ` ${Math.floor(progress.percent)} %` : ''
  return `${markOf(state)}${percent} ${template}`
}

async function saveLog (id: string): Promise<void> {
  const answer = await ask(`/job/${id}/log`)
  saveBlob(new Blob([await answer.arrayBuffer()], { type: 'text/plain' }), `${id}.log`)
}
