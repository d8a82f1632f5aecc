import { askJson } from '../api/ask.ts'
import type { Job } from '../api/shapes.ts'
import { Dialog } from '../show/dialog.tsx'
import { Failure } from '../show/failure.tsx'
import { useAction } from '../show/use-action.ts'

interface CancelOptions {
  job: Job
  changed: (job: Job) => void
  close: () => void
}

export function CancelDialog ({ job: { job_uuid: id, template }, changed, close }: CancelOptions) {
  const cancel = useAction(async () => {
    changed(await askJson<Job>(`/job/${id}`, { method: 'DELETE' }))
    close()
  })

  return (
    <Dialog title={`Cancel this ${template} job?`} close={close}>
      <p>It stops, and cannot go on later. The files that are stored so far are kept.</p>
      {cancel.error && <Failure error={cancel.error} />}
      <div class='bar'>
        <button type='button' onClick={close}>Let it run</button>
        <button type='button' class='danger' onClick={cancel.run}>Cancel job</button>
      </div>
    </Dialog>
  )
}
