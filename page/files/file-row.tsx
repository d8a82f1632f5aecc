import { useEffect, useState } from 'preact/hooks'
import { bytesText } from '../../shared/words/amounts.ts'
import { printable } from '../../shared/words/printable.ts'
import type { ResultFile } from '../api/shapes.ts'
import { Preview } from '../preview/preview.tsx'
import { previewOf } from '../preview/preview-of.ts'
import { Download } from './download.tsx'

interface RowOptions {
  id: string
  file: ResultFile
  /** Whether the preview is open from the begin. */
  isShown: boolean
  refresh: () => void
}

export function FileRow ({ id, file, isShown, refresh }: RowOptions) {
  const kind = previewOf(file)
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    if (isShown) setOpen(true)
  }, [isShown])
  return (
    <li>
      <div class='bar'>
        <span class='name' title={`sha256 ${file.sha256}`}>{printable(file.name)}</span>
        <span class='quiet'>{bytesText(file.size)}</span>
        {kind !== undefined && (
          <button type='button' aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Hide' : 'Preview'}<span class='unseen'> {file.name}</span>
          </button>
        )}
        <Download id={id} file={file} refresh={refresh} />
      </div>
      {isOpen && kind !== undefined && <Preview id={id} file={file} kind={kind} />}
    </li>
  )
}
