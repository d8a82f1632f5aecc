import { useEffect } from 'preact/hooks'
import { ask } from '../api/ask.ts'
import type { ResultFile } from '../api/shapes.ts'
import { resultPath } from '../files/result-path.ts'
import { Failure } from '../show/failure.tsx'
import { Loading } from '../show/loading.tsx'
import { useLoaded } from '../show/use-loaded.ts'
import { MOST_PIXELS, pixelsOf } from './pixels-of.ts'

/** Fetched by the page, because an <img> sends no credential. */
export function ImagePreview ({ id, file }: { id: string, file: ResultFile }) {
  const { value: url, error, again } = useLoaded(async (signal) => {
    const answer = await ask(resultPath(id, file.name), { signal })
    const bytes = new Uint8Array(await answer.arrayBuffer())
    const pixels = pixelsOf(bytes) ?? 0
    if (pixels > MOST_PIXELS) {
      throw new Error(`The picture has ${Math.round(pixels / 1e6)} million pixels, too many for this page: download it`)
    }
    return URL.createObjectURL(new Blob([bytes], { type: file.content_type }))
  }, [file.sha256])
  useEffect(() => () => {
    if (url !== undefined) URL.revokeObjectURL(url)
  }, [url])
  if (error !== undefined) return <Failure error={error} again={again} />
  if (url === undefined) return <Loading what={file.name} />
  return <img class='preview' src={url} alt={`Picture ${file.name}`} />
}
