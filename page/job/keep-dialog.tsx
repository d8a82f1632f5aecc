import { useState } from 'preact/hooks'
import { sendJson } from '../api/ask.ts'
import type { Job } from '../api/shapes.ts'
import { Dialog } from '../show/dialog.tsx'
import { Failure } from '../show/failure.tsx'
import { useAction } from '../show/use-action.ts'

const DAY_MS = 86_400_000
/** The furthest time that the API accepts. */
const MOST_DAYS = 366

interface KeepOptions {
  job: Job
  changed: (job: Job) => void
  close: () => void
}

export function KeepDialog ({ job: { job_uuid: id, expires_at: expires }, changed, close }: KeepOptions) {
  const from = expires?.slice(0, 10) ?? ''
  const [date, setDate] = useState(dayOf(Math.max(Date.parse(expires ?? ''), Date.now()) + 30 * DAY_MS))
  const keep = useAction(async () => {
    changed(await sendJson<Job>('PATCH', `/job/${id}`, { expires_at: `${date}T00:00:00Z` }))
    close()
  })

  return (
    <Dialog title='Keep this job longer' close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          keep.run()
        }}
      >
        <p>Its files and its log are removed on {from}. They can be kept until:</p>
        <label>
          Date{' '}
          <input
            type='date'
            required
            min={from}
            max={dayOf(Date.now() + MOST_DAYS * DAY_MS)}
            value={date}
            onInput={({ currentTarget }) => setDate(currentTarget.value)}
          />
        </label>
        {keep.error && <Failure error={keep.error} />}
        <div class='bar'>
          <button type='button' onClick={close}>Leave it</button>
          <button type='submit' class='main'>Keep</button>
        </div>
      </form>
    </Dialog>
  )
}

function dayOf (time: number): string {
  return new Date(Math.min(time, Date.now() + MOST_DAYS * DAY_MS)).toISOString().slice(0, 10)
}
