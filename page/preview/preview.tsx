import type { ResultFile } from '../api/shapes.ts'
import { Lazy } from '../show/lazy.tsx'
import { ImagePreview } from './image-preview.tsx'
import type { PreviewKind } from './preview-of.ts'
import { TextPreview } from './text-preview.tsx'

interface PreviewOptions {
  id: string
  file: ResultFile
  kind: PreviewKind
}

/** A look at a file without a download. */
export function Preview ({ id, file, kind }: PreviewOptions) {
  if (kind === 'image') return <ImagePreview id={id} file={file} />
  if (kind === 'recording') {
    return (
      <Lazy
        what='the reader of recordings'
        load={async () => (await import('../recording/recording.tsx')).Recording}
        options={{ id, file }}
      />
    )
  }
  return <TextPreview id={id} file={file} isJson={kind === 'json'} />
}
