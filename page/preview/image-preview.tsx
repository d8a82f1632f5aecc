import { useEffect } from 'preact/hooks'
import { ask } from '../api/ask.ts'
import type { ResultFile } from '../api/shapes.ts'
import { resultPath } from '../files/result-path.ts'
import { Failure } from '../show/failure.tsx'
import { Loading } from '../show/loading.tsx'
import { useLoaded } from '../show/use-loaded.ts'

/** Fetched by the page, because an <img> sends no credential. */
export function ImagePreview ({ id, file }: { id: string, file: ResultFile }) {
  const { value: url, error, again } = useLoaded(async (signal) => {
    const answer = await ask(resultPath(id, file.name), { signal })
    return URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type: file.content_type }))
  }, [file.sha256])
  useEffect(() => () => {
    if (url !== undefined) URL.revokeObjectURL(url)
  }, [url])
  if (error !== undefined) return <Failure error={error} again={again} />
  if (url === undefined) return <Loading what={file.name} />
  return <img class='preview' src={url} alt={`Picture ${file.name}`} />
}
