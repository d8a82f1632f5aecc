import { useEffect, useState } from 'preact/hooks'
import { printable } from '../../shared/words/printable.ts'
import { askJson } from '../api/ask.ts'
import type { Job, ResultFile, ResultPage } from '../api/shapes.ts'
import { queryOf } from '../route.ts'
import { Failure } from '../show/failure.tsx'
import { hasEnded } from '../show/state-mark.tsx'
import { useAction } from '../show/use-action.ts'
import { useLoaded } from '../show/use-loaded.ts'
import { credential } from '../sign-in/credential.ts'
import { isShownAtOnce } from '../preview/preview-of.ts'
import { FileRow } from './file-row.tsx'

const PAGE = 200
/** Some pictures of a job that has ended are shown at once. */
const SHOWN_PICTURES = 3

/** The result files: those that are stored so far, or all of them. */
export function FileList ({ job }: { job: Job }) {
  const { job_uuid: id, results, state } = job
  const path = `/job/${id}/result/list`
  const first = useLoaded(
    async (signal) => await askJson<ResultPage>(path + queryOf({ limit: PAGE }), { signal }),
    [id, results?.files, results?.bytes, hasEnded(state)]
  )
  const [more, setMore] = useState<ResultFile[]>([])
  const [cursor, setCursor] = useState<string | null>(null)
  useEffect(() => {
    setMore([])
    setCursor(first.value?.next_cursor ?? null)
  }, [first.value])

  const files = [...first.value?.files ?? [], ...more]
  const pictures = hasEnded(state) ? files.filter(isShownAtOnce).slice(0, SHOWN_PICTURES) : []

  const load = useAction(async () => {
    const page = await askJson<ResultPage>(path + queryOf({ limit: PAGE, cursor: cursor! }))
    setMore([...more, ...page.files])
    setCursor(page.next_cursor)
  })

  return (
    <section aria-labelledby='files-title'>
      <div class='bar'>
        <h2 id='files-title'>Files</h2>
        {results !== null && <span class='quiet'>{results.files.toLocaleString('en')} {hasEnded(state) ? '' : 'so far'}</span>}
        {hasEnded(state) && files.length > 1 && credential.value === undefined &&
          <a href={`./job/${id}/result/archive?format=zip`} download={`${id}.zip`}>All as zip</a>}
      </div>
      {first.error && <Failure error={first.error} again={first.again} />}
      {files.length === 0 && first.value !== undefined &&
        <p class='quiet'>{hasEnded(state) ? 'The job has left no files.' : 'No file is stored yet.'}</p>}
      {files.length > 0 && (
        <ul class='files'>
          {files.map((file) => (
            <FileRow key={`${file.name} ${file.sha256}`} id={id} file={file} isShown={pictures.includes(file)} refresh={first.again} />
          ))}
        </ul>
      )}
      {load.error && <Failure error={load.error} />}
      {cursor !== null && <button type='button' onClick={load.run}>More files</button>}
      <LeftOut {...first.value} />
    </section>
  )
}

function LeftOut ({ left_out: named = [], left_out_count: count = 0 }: Partial<ResultPage>) {
  if (count === 0) return null
  return (
    <details class='box warn'>
      <summary>{count} {count === 1 ? 'file is' : 'files are'} not among the results</summary>
      <ul>{named.map(({ name, reason }) => <li key={name}><code>{printable(name)}</code>: {reason}</li>)}</ul>
    </details>
  )
}
