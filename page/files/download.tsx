import { useEffect, useRef, useState } from 'preact/hooks'
import type { ResultFile } from '../api/shapes.ts'
import { Failure } from '../show/failure.tsx'
import { saveBlob } from '../show/save-blob.ts'
import { useAction } from '../show/use-action.ts'
import { fetchFile, isChanged } from './fetch-file.ts'
import { hasParts, markSaved } from './part-store.ts'
import { PART } from './parts-of.ts'
import { baseName } from './result-path.ts'

interface DownloadOptions {
  id: string
  file: ResultFile
  /** Reads the list again. */
  refresh: () => void
}

type Step = 'idle' | 'begun' | 'fetching' | 'checking' | 'done'

/** Fetches a file, checks its sha256 and lets the browser save it. Paused or cut, it goes on where it was. */
export function Download ({ id, file, refresh }: DownloadOptions) {
  const [step, setStep] = useState<Step>('idle')
  const [percent, setPercent] = useState(0)
  const running = useRef<AbortController>(undefined)
  useEffect(() => {
    if (file.size > PART) hasParts(file.sha256).then((has) => has && setStep('begun'), () => {})
    return () => running.current?.abort()
  }, [file.sha256])

  const download = useAction(async () => {
    const { signal } = running.current = new AbortController()
    setStep('fetching')
    try {
      const blob = await fetchFile(id, file, {
        passed: (bytes) => setPercent(Math.floor(bytes / file.size * 100)),
        checking: () => setStep('checking')
      }, signal)
      saveBlob(blob, baseName(file.name))
      setStep('done')
      // Where the parts were in memory, there is nothing to mark.
      if (file.size > PART) await markSaved(file.sha256).catch(() => {})
    } catch (failed) {
      setStep('begun')
      if (signal.aborted) return
      if (!isChanged(failed)) throw failed
      refresh()
      throw new Error('The job has replaced this file. The list is read again: download it from the start')
    }
  })

  const unseen = <span class='unseen'> {file.name}</span>
  if (step === 'fetching' || step === 'checking') {
    return (
      <>
        <progress max='100' value={percent} aria-label={`Download of ${file.name}`} />
        <span class='quiet'>{step === 'checking' ? 'checking sha256' : `${percent} %`}</span>
        <button type='button' onClick={() => running.current?.abort()}>Pause{unseen}</button>
      </>
    )
  }
  return (
    <>
      <button type='button' onClick={download.run}>{step === 'begun' ? 'Resume' : 'Download'}{unseen}</button>
      {step === 'done' && <span role='status' class='good'>✓ saved, sha256 is right</span>}
      {step === 'begun' && download.error && <Failure error={download.error} />}
    </>
  )
}
