import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Failure } from '../show/failure.tsx'
import { useAction } from '../show/use-action.ts'
import { BLOCK, type LogLines } from './log-lines.ts'

interface LogOptions {
  lines: LogLines
  /** Why there is nothing to see, or nothing more. */
  note: string | undefined
  save: () => Promise<void>
}

/** The log, at its end as long as the visitor does not scroll away from there. */
export function LogView ({ lines: { blocks, count, leftOut }, note, save }: LogOptions) {
  const box = useRef<HTMLDivElement>(null)
  const [wraps, setWraps] = useState(true)
  const atEnd = useRef(true)
  const saving = useAction(save)
  useLayoutEffect(() => {
    if (atEnd.current) toEnd()
  }, [blocks])
  useEffect(() => {
    const { current } = box
    const scrolled = (): void => {
      if (current !== null) atEnd.current = current.scrollHeight - current.scrollTop - current.clientHeight < 40
    }
    current?.addEventListener('scroll', scrolled, { passive: true })
    return () => current?.removeEventListener('scroll', scrolled)
  }, [])

  function toEnd (): void {
    atEnd.current = true
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }

  return (
    <section aria-labelledby='log-title'>
      <div class='bar'>
        <h2 id='log-title'>Log</h2>
        <span class='quiet'>{count > 0 && `${(count + leftOut).toLocaleString('en')} ${count === 1 ? 'line' : 'lines'}`}</span>
        <label><input type='checkbox' checked={wraps} onChange={() => setWraps(!wraps)} /> Wrap</label>
        <button type='button' onClick={toEnd}>Jump to end</button>
        <button type='button' onClick={saving.run}>Save as file</button>
      </div>
      {saving.error && <Failure error={saving.error} />}
      {leftOut > 0 && <p class='quiet'>{leftOut.toLocaleString('en')} earlier lines are not shown: save the log as a file.</p>}
      {note !== undefined && <p class='quiet'>{note}</p>}
      <div
        ref={box}
        class={wraps ? 'log wraps' : 'log'}
        role='log'
        aria-live='off'
        aria-label='Lines of the log'
        tabIndex={0}
        hidden={count === 0}
      >
        {blocks.map(({ first, text, lines }) => <Block key={first} text={text} isWhole={lines === BLOCK} />)}
      </div>
    </section>
  )
}

/** The same element for the same text: Preact then skips it. */
function Block ({ text, isWhole }: { text: string, isWhole: boolean }) {
  return useMemo(() => <pre class={isWhole ? 'whole' : undefined}>{text + '\n'}</pre>, [text])
}
