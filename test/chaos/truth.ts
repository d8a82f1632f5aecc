import { isUtf8 } from 'node:buffer'
import { wrongName } from '../../shared/results/wrong-name.ts'
import { nameBytes } from './encode-name.ts'

/** The result folder as it was at the end of the workload, as `workload.py` records it. */
export interface Truth {
  entries: TruthEntry[]
  /** When a workload recorded it. Without it, the test did so after a workload was killed. */
  at?: number
}

/** The names are percent-encoded. */
export type TruthEntry =
  | { name: string, is: 'file', size: number, sha256: string }
  | { name: string, is: 'unreadable' | 'link to outside' | 'no file' }

export interface ExpectedFile {
  name: string
  size: number
  sha256: string
}

export interface Expected {
  files: ExpectedFile[]
  /** The names of what cannot be a result. A job with one cannot succeed. */
  impossible: string[]
  /** The names of what is no result, without harm to the job. */
  leftOut: string[]
}

/** What the results of a job must be, if its folder was like this. */
export function expectedOf ({ entries }: Truth): Expected {
  const expected: Expected = { files: [], impossible: [], leftOut: [] }
  for (const entry of entries) {
    const wrong = wrongPart(entry.name)
    const name = nameBytes(entry.name).toString()
    if (wrong !== undefined) expected.impossible.push(wrong)
    else if (entry.is === 'file') expected.files.push({ name, size: entry.size, sha256: entry.sha256 })
    else if (entry.is === 'unreadable') expected.impossible.push(name)
    else expected.leftOut.push(name)
  }
  return expected
}

/** The part of a name that cannot be that of a result, if there is one: of a folder, if it is in such a folder. */
function wrongPart (encoded: string): string | undefined {
  const parts = encoded.split('/')
  const folders = parts.map((_, at) => nameBytes(parts.slice(0, at + 1).join('/')))
  return folders.find((bytes) => !isUtf8(bytes) || wrongName(bytes.toString()) !== undefined)?.toString()
}
