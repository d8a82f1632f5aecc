import { type LeftOut, MOST_NAMED } from '../../shared/job/left-out.ts'
import type { Ask } from './ask-service.ts'
import type { Journal } from './journal.ts'
import type { Scan } from './scan-results.ts'
import type { SeenFile } from './seen-file.ts'

/** What is not among the results. */
export interface Left {
  complete: boolean
  list: LeftOut[]
}

/** What is not among the results: first the files that should be. */
export function leftOut ({ noFiles, impossible }: Scan, seen: Map<string, SeenFile>): Left {
  const refused = [...seen.values()].flatMap(({ file: { name }, refused, isStored, isBehind }) => {
    if (isBehind) return [{ name, reason: 'the workload wrote on after its time was over; what is stored is older' }]
    return isStored ? [] : [{ name, reason: refused ?? 'it was still going up when the time of the uploader was over' }]
  })
  const missing = [...impossible, ...refused]
  return { complete: missing.length === 0, list: [...missing, ...named(noFiles)] }
}

/** As a list: the names of what is no file, each with the reason. */
export function named (noFiles: Map<string, string>): LeftOut[] {
  return [...noFiles].map(([name, reason]) => ({ name, reason }))
}

/** `missing`: the digests of contents that the store turned out not to have. */
export type Finish = { state: 'finished', complete: boolean } | { state: 'missing', sha256: string[] }

/** Says that all is stored that can be, and what is not. */
export async function sayDone (
  ask: Ask,
  journal: Journal,
  left: Left,
  signal?: AbortSignal
): Promise<Finish> {
  const { complete, list } = left
  const { status, body } = await ask('POST', 'done', {
    ...journal.counts(),
    list_sha256: journal.digest(),
    complete,
    left_out: list.slice(0, MOST_NAMED),
    left_out_count: list.length
  }, signal)
  // It has another journal than this one: another uploader wrote it, or an old page came late.
  if (status !== 200) return { state: 'missing', sha256: [] }
  return body.state === 'missing' ? body : { state: 'finished', complete }
}
