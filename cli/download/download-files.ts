import { mkdirSync } from 'node:fs'
import { atMost } from '../../shared/flow/at-most.ts'
import { printable } from '../../shared/words/printable.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { fetchContent } from './fetch-content.ts'
import { type ListedFile, listFiles } from './list-files.ts'
import { openPart, removeEmpty } from './part-file.ts'
import { isThere, placeOf } from './place-of.ts'
import type { Progress } from './progress.ts'

export interface Download {
  id: string
  folder: string
  mayReplace: boolean
  /** The path of a file, instead of its name in the folder. */
  placed?: (file: ListedFile) => string
}

export interface Outcome {
  name: string
  size: number
  sha256: string
  /** Where the file is; null if it could not be downloaded. */
  path: string | null
  state: 'downloaded' | 'there' | 'failed'
  error?: Failure
}

/** Several small files at once hide the time of each request; a large one uses the whole line anyway. */
const AT_ONCE = 4

/**
 * Downloads files into a folder. What is there already is left, and what has begun is continued. A file that fails does
 * not stop the others.
 */
export async function downloadFiles (
  session: Session,
  download: Download,
  files: ListedFile[],
  progress: Progress
): Promise<Outcome[]> {
  mkdirSync(download.folder, { recursive: true })
  const slot = atMost(AT_ONCE)
  // Files with the same content share a part, so one waits for the other.
  const turns = new Map<string, Promise<unknown>>()
  const outcomes = await Promise.all(files.map(async (file) => {
    const turn = (turns.get(file.sha256) ?? Promise.resolve()).then(async () =>
      await slot(async () => await outcomeOf(session, download, file, progress)))
    turns.set(file.sha256, turn.catch(() => {}))
    return await turn
  }))
  removeEmpty(download.folder)
  return outcomes
}

async function outcomeOf (
  session: Session,
  download: Download,
  file: ListedFile,
  progress: Progress
): Promise<Outcome> {
  const { name, size, sha256 } = file
  try {
    session.interrupt.throwIfAborted()
    const path = (download.placed ?? (({ name }) => placeOf(download.folder, name)))(file)
    if (await isThere(path, file, download.mayReplace)) {
      progress.add(size)
      return { name, size, sha256, path, state: 'there' }
    }
    return { ...await downloadTo(session, download, file, path, progress), name, path, state: 'downloaded' }
  } catch (error) {
    session.interrupt.throwIfAborted()
    return { name, size, sha256, path: null, state: 'failed', error: asFailure(error) }
  }
}

/** A job that still runs may replace a file. Then the new one is downloaded, a few times. */
async function downloadTo (
  session: Session,
  { id, folder }: Download,
  listed: ListedFile,
  path: string,
  progress: Progress
): Promise<Pick<ListedFile, 'size' | 'sha256'>> {
  let file = listed
  for (let attempt = 1; ; attempt++) {
    const part = await openPart(folder, file.sha256)
    let counted = 0
    try {
      const content = { path: `/job/${id}/result?file=${encodeURIComponent(file.name)}`, size: file.size, sha256: file.sha256 }
      await fetchContent(session, content, part, (bytes) => {
        counted += bytes
        progress.add(bytes, file.name)
      })
      // Another process that downloads the same may have given it its place.
      await part.moveTo(path).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT' || !await isThere(path, file, true)) throw error
      })
      return { size: file.size, sha256: file.sha256 }
    } catch (error) {
      const isOther = error instanceof Failure && error.is('precondition-failed', 'unknown-file', 'conflict')
      const isWrong = error instanceof Failure && error.facts.type === 'urn:gx4ki:cli:sha256'
      await (isOther || isWrong ? part.remove() : part.close())
      if (!isOther || attempt > 3) throw error
      const now = (await listFiles(session, id)).files.find(({ name }) => name === file.name)
      if (now === undefined) throw error
      await session.note(`${JSON.stringify(file.name)} has changed on the server; it is downloaded from its start`)
      progress.add(-counted)
      progress.expect(now.size - file.size)
      file = now
    }
  }
}

function asFailure (error: unknown): Failure {
  if (error instanceof Failure) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return new Failure(EXIT.incomplete, REASONS[code] ?? printable(message), { cause: error })
}

const REASONS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  ENAMETOOLONG: 'its name is too long for this disk; with --output FILE it gets another one',
  EISDIR: 'there is a folder of this name',
  ENOTDIR: 'there is a file of the name of its folder',
  EEXIST: 'there is a file of the name of its folder'
}
