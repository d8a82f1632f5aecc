import type { LeftOut } from '../../shared/job/left-out.ts'
import type { Journal } from './journal.ts'
import type { FoundFile } from './scan-results.ts'
import type { Phase } from './the-end.ts'
import type { Outcome } from './upload-batch.ts'

/** A file as it was first seen in its present form, and what became of it. */
export interface SeenFile {
  file: FoundFile
  since: number
  /** Its bytes are stored, and have this digest. */
  isStored?: boolean
  sha256?: string
  /** Equal times mean equal bytes, so it need not be read again. */
  isFixed?: boolean
  /** The workload has written on after its time was over. */
  isBehind?: boolean
  refused?: string
}

/** What is known of a file that was found again. */
export function stillThat (before: SeenFile | undefined, file: FoundFile, phase: Phase): SeenFile {
  if (before?.file.identity === file.identity) return before
  // A workload that writes on although its time is over is not followed any more.
  if (phase === 'cut' && before?.isStored) return { ...before, isBehind: true }
  return { file, since: performance.now() }
}

/**
 * Notes what a workload has done to its files since its time was over. What it removes, and the new name of what it
 * renames, changes nothing. Answers the files that it has made since then.
 */
export function madeLater (seen: Map<string, SeenFile>, found: FoundFile[]): LeftOut[] {
  const later: LeftOut[] = []
  for (const file of found) {
    const before = seen.get(file.name)
    if (before !== undefined) seen.set(file.name, stillThat(before, file, 'cut'))
    else later.push({ name: file.name, reason: 'the workload made it after its time was over' })
  }
  return later
}

/** Whether a file is to be uploaded, or read again, now. */
export function isDue (one: SeenFile, phase: Phase, settleMs: number): boolean {
  if (phase === 'running') return !one.isStored && !one.refused && performance.now() >= one.since + settleMs
  if (phase === 'cut') return !one.isStored && !one.refused
  return !one.isFixed
}

/** Notes what became of a file, also in the journal. */
export function note (
  one: SeenFile,
  outcome: Outcome,
  journal: Journal,
  phase: Phase
): void {
  if (outcome === 'changed') one.since = performance.now()
  else if ('refused' in outcome) {
    noteRefusal(one, outcome.refused, journal)
    // At the end there is no later try.
    one.isFixed = phase === 'ended'
  } else {
    delete one.refused
    one.isStored = true
    one.sha256 = outcome.sha256
    one.isFixed = outcome.isFixed
    journal.set(one.file.name, outcome)
  }
}

/** Notes that the store has lost the bytes of a file, so that it is due once more. */
export function noteLoss (one: SeenFile): void {
  one.isStored = false
  one.isFixed = false
}

/** Notes that a file cannot be stored. */
export function noteRefusal (one: SeenFile, reason: string, journal: Journal): void {
  one.refused = reason
  one.isStored = false
  journal.remove(one.file.name)
}
