import { resolve } from 'node:path'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { bytesText } from '../../shared/words/amounts.ts'
import { printable } from '../../shared/words/printable.ts'
import { type Download, downloadFiles, type Outcome } from './download-files.ts'
import { type ListedFile, listFiles } from './list-files.ts'
import { progressOf } from './progress.ts'
import { fits } from './select-files.ts'

const MOST_NAMED = 20

export interface Wanted {
  /** Names and patterns; none stands for all files. */
  patterns: string[]
  /** A folder; the default has the id of the job as its name. */
  folder?: string | undefined
  /** A path for the only file. */
  output?: string | undefined
  mayReplace: boolean
}

export interface Fetched {
  code: ExitCode
  directory: string
  files: (Omit<Outcome, 'error'> & { error?: string })[]
}

/** Downloads the results of a job, shows how it goes, and says on stderr what is there in the end. */
export async function fetchResults (session: Session, id: string, wanted: Wanted): Promise<Fetched> {
  const list = await listFiles(session, id)
  const files = selected(list.files, wanted)
  const folder = resolve(wanted.output === undefined ? wanted.folder ?? id : resolve(wanted.output, '..'))
  const download: Download = {
    id,
    folder,
    mayReplace: wanted.mayReplace,
    ...(wanted.output !== undefined && { placed: () => resolve(wanted.output!) })
  }
  const progress = progressOf(session, files.reduce((sum, { size }) => sum + size, 0))
  const outcomes = await downloadFiles(session, download, files, progress).finally(() => progress.end())
  await tell(session, outcomes, folder)
  if (list.left_out_count > 0) {
    await session.note(`The job has left out ${list.left_out_count} files: gx4ki files ${id}`)
  }
  return {
    code: outcomes.some(({ state }) => state === 'failed') ? EXIT.incomplete : EXIT.done,
    directory: folder,
    files: outcomes.map(({ error, ...outcome }) => ({ ...outcome, ...(error && { error: error.message }) }))
  }
}

function selected (files: ListedFile[], { patterns, output }: Wanted): ListedFile[] {
  const unused = patterns.find((pattern) => !files.some(({ name }) => fits(name, pattern)))
  if (unused !== undefined) {
    throw new Failure(EXIT.unknown, `the job has no result file for ${printable(JSON.stringify(unused))}`, {
      type: 'urn:gx4ki:cli:no-file',
      hint: 'gx4ki files shows the files of a job'
    })
  }
  const found = patterns.length === 0
    ? files
    : files.filter(({ name }) => patterns.some((pattern) => fits(name, pattern)))
  if (output !== undefined && found.length !== 1) {
    throw new Failure(EXIT.refused, `--output is for one file, and ${found.length} are selected`, {
      type: 'urn:gx4ki:cli:usage',
      hint: 'name the file'
    })
  }
  return found
}

async function tell ({ note, verbose }: Session, outcomes: Outcome[], folder: string): Promise<void> {
  const failed = outcomes.filter(({ state }) => state === 'failed')
  for (const { name, error } of failed.slice(0, MOST_NAMED)) {
    await note(`${printable(name)}: ${error!.message}${error!.facts.hint === undefined ? '' : ` (${error!.facts.hint})`}`)
  }
  if (failed.length > MOST_NAMED) await note(`… and ${failed.length - MOST_NAMED} more files`)
  for (const { name, state } of verbose ? outcomes : []) await note(`${printable(name)}: ${state}`)
  const there = outcomes.filter(({ state }) => state !== 'failed')
  const bytes = there.reduce((sum, { size }) => sum + size, 0)
  const were = there.filter(({ state }) => state === 'there').length
  await note(
    `${there.length} of ${outcomes.length} files, ${bytesText(bytes)}, are in ${printable(folder)}` +
    `${were === 0 ? '' : `; ${were} were there already`}`
  )
}
