import { useState } from 'preact/hooks'
import type { Job } from '../api/shapes.ts'
import { hashOf } from '../route.ts'
import { hasEnded } from '../show/state-mark.tsx'
import { useAction } from '../show/use-action.ts'
import { CancelDialog } from './cancel-dialog.tsx'
import { KeepDialog } from './keep-dialog.tsx'

interface ActionOptions {
  job: Job
  changed: (job: Job) => void
}

/** What the visitor can do with the job. */
export function Actions ({ job, changed }: ActionOptions) {
  const [open, setOpen] = useState<'cancel' | 'keep'>()
  const [isCopied, setCopied] = useState(false)
  const { job_uuid: id, template, state } = job
  const close = (): void => setOpen(undefined)

  const copyLink = useAction(async () => {
    await navigator.clipboard.writeText(location.href)
    setCopied(true)
  })

  return (
    <>
      {!hasEnded(state) && <button type='button' onClick={() => setOpen('cancel')}>Cancel job</button>}
      <a class='button' href={hashOf({ view: 'new', template, from: id })}>Run again</a>
      {hasEnded(state) && <button type='button' onClick={() => setOpen('keep')}>Keep longer</button>}
      {/* Only a page that came over https, or from this machine, has a clipboard. */}
      {isSecureContext && (
        <button type='button' onClick={copyLink.run}>{isCopied ? 'Link copied' : 'Copy link'}</button>
      )}
      {open === 'cancel' && <CancelDialog job={job} changed={changed} close={close} />}
      {open === 'keep' && <KeepDialog job={job} changed={changed} close={close} />}
    </>
  )
}
