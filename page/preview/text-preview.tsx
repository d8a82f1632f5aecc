import { ask } from '../api/ask.ts'
import type { ResultFile } from '../api/shapes.ts'
import { resultPath } from '../files/result-path.ts'
import { Failure } from '../show/failure.tsx'
import { Loading } from '../show/loading.tsx'
import { useLoaded } from '../show/use-loaded.ts'
import { prettyJson } from './pretty-json.ts'

/** What is shown of a longer text. */
const FIRST_BYTES = 64 * 1024

interface TextOptions {
  id: string
  file: ResultFile
  isJson: boolean
}

/** A text, or its begin. It is one text node, so nothing in it is markup. */
export function TextPreview ({ id, file, isJson }: TextOptions) {
  const isCut = !isJson && file.size > FIRST_BYTES
  const { value, error, again } = useLoaded(async (signal) => {
    const headers: Record<string, string> = isCut ? { range: `bytes=0-${FIRST_BYTES - 1}` } : {}
    const text = await (await ask(resultPath(id, file.name), { headers, signal })).text()
    return isJson ? prettyJson(text) : text
  }, [file.sha256])
  if (error !== undefined) return <Failure error={error} again={again} />
  if (value === undefined) return <Loading what={file.name} />
  return (
    <>
      <pre class='preview text' tabIndex={0} role='region' aria-label={`Content of ${file.name}`}>{value}</pre>
      {isCut && <p class='quiet'>The first 64 kB. Download the file for the rest.</p>}
    </>
  )
}
