import { atMost } from '../../shared/flow/at-most.ts'
import { type LeftOut, MOST_NAMED } from '../../shared/job/left-out.ts'
import type { Ask } from './ask-service.ts'
import { batchesOf } from './batches-of.ts'
import { type Journal, openJournal } from './journal.ts'
import { type FoundFile, type Scan, scanResults } from './scan-results.ts'
import type { End, Phase } from './the-end.ts'
import { type Outcome, uploadBatch, type Uploads } from './upload-batch.ts'

interface Work {
  folder: string
  /** How long a file must stay as it is before it is taken for finished while the workload still runs. */
  settleMs: number
  /** Whether equal times of a file that was synced mean equal bytes on this volume. */
  syncable: boolean
  ask: Ask
  end: End
  log: (line: string) => void
}

/** A file as it was first seen in its present form, and what became of it. */
interface Seen {
  file: FoundFile
  since: number
  /** Its bytes are stored. */
  isStored?: boolean
  /** Equal times mean equal bytes, so it need not be read again. */
  isFixed?: boolean
  /** The workload has written on after its time was over. */
  isBehind?: boolean
  refused?: string
}

/** Batches that are under way together: while one waits for its grants, another one is hashed and a third one sent. */
const BATCHES = 3
/** How often the store may turn out to lack something that was stored. */
const ROUNDS = 5
/** Looking at the folder takes at most this share of the time while the workload runs. */
const SHARE = 0.1
const MOST_LINES = 100
/** After the time is over: how long the last words may take before the uploader is killed anyway. */
const LAST_WORDS_MS = 30_000

/**
 * Uploads the results as they are finished, and when the workload has ended the rest. Then it says that it is done, and
 * what is left out. Answers whether all results are stored.
 */
export async function uploadResults (work: Work): Promise<boolean> {
  const { folder, settleMs, ask, end, log } = work
  const journal = openJournal(ask)
  const uploads: Uploads = { ask, stored: new Set(), underWay: new Set(), over: end.over, log }
  const tell = teller(log)
  let seen = new Map<string, Seen>()
  let scan: Scan = { files: [], noFiles: new Map(), impossible: new Map() }
  let told = 0

  for (let round = 1; ;) {
    // Before the look into the folder: what is written until the end is seen in the last look.
    const phase = end.phase()
    const began = performance.now()
    scan = await scanResults(folder, { final: phase !== 'running' })
    tell(scan)
    seen = new Map(scan.files.map((file) => [file.name, stillThat(seen.get(file.name), file, phase)]))
    const looked = performance.now() - began
    try {
      await uploadDue(work, uploads, journal, [...seen.values()].filter((one) => isDue(one, phase, settleMs)), phase)
      for (const name of [...journal.names()]) if (!seen.has(name)) journal.remove(name)
      if (phase !== 'running' || performance.now() > told + 2 * settleMs) {
        await journal.flush()
        await drop(uploads, journal.takeUnused())
        told = performance.now()
      }
      if (phase === 'ended' && ![...seen.values()].some((one) => isDue(one, phase, settleMs))) {
        const finish = await sayDone(ask, journal, leftOut(scan, seen))
        if (finish.state === 'finished') return conclude(finish.complete, journal, log)
        if (round++ === ROUNDS) throw new Error('the store loses what it has taken')
        forgetMissing(uploads, journal, seen, finish.sha256)
        continue
      }
    } catch (error) {
      if (!end.over.aborted) throw error
    }
    if (end.over.aborted) return await giveUp(work, journal, leftOut(scan, seen))
    if (phase === end.phase()) {
      await end.wait(phase === 'running' ? Math.max(settleMs / 3, looked / SHARE) : settleMs / 3)
    }
  }
}

function stillThat (before: Seen | undefined, file: FoundFile, phase: Phase): Seen {
  if (before?.file.identity === file.identity) return before
  // A workload that writes on although its time is over is not followed any more.
  if (phase === 'cut' && before?.isStored) return { ...before, isBehind: true }
  return { file, since: performance.now() }
}

function isDue (one: Seen, phase: Phase, settleMs: number): boolean {
  if (phase === 'running') return !one.isStored && !one.refused && performance.now() >= one.since + settleMs
  if (phase === 'cut') return !one.isStored && !one.refused
  return !one.isFixed
}

async function uploadDue (
  { syncable, log }: Work,
  uploads: Uploads,
  journal: Journal,
  due: Seen[],
  phase: Phase
): Promise<void> {
  const how = { ended: phase === 'ended', asItIs: phase === 'cut', syncable }
  const byFile = new Map(due.map((one) => [one.file, one]))
  const inFlight = atMost(BATCHES)
  await Promise.all(batchesOf([...byFile.keys()]).map((batch) => inFlight(async () => {
    for (const [file, outcome] of await uploadBatch(uploads, batch, how)) {
      note(byFile.get(file)!, outcome, journal, phase)
      // A line for each of many thousand files helps nobody.
      if (outcome === 'changed' || 'refused' in outcome || due.length <= MOST_LINES) {
        log(`${describe(outcome)}: ${JSON.stringify(file.name)}, ${file.size} bytes`)
      }
    }
  })))
  if (due.length > MOST_LINES) log(`looked at ${due.length} files`)
}

function note (
  one: Seen,
  outcome: Outcome,
  journal: Journal,
  phase: Phase
): void {
  if (outcome === 'changed') one.since = performance.now()
  else if ('refused' in outcome) {
    one.refused = outcome.refused
    one.isStored = false
    journal.remove(one.file.name)
    // At the end there is no later try.
    one.isFixed = phase === 'ended'
  } else {
    delete one.refused
    one.isStored = true
    one.isFixed = outcome.isFixed
    journal.set(one.file.name, outcome)
  }
}

/** Tells result-upload of contents that no file has any more; a file that has them again is sent again. */
async function drop ({ ask, stored }: Uploads, sha256: string[]): Promise<void> {
  for (const one of sha256) stored.delete(one)
  for (let from = 0; from < sha256.length; from += 100) {
    await ask('POST', 'drop', { sha256: sha256.slice(from, from + 100) })
  }
}

type Finish = { state: 'finished', complete: boolean } | { state: 'missing', sha256: string[] }

async function sayDone (
  ask: Ask,
  journal: Journal,
  left: Left,
  signal?: AbortSignal
): Promise<Finish> {
  const { complete, list } = left
  const { status, body } = await ask('POST', 'done', {
    ...journal.counts(),
    complete,
    left_out: list.slice(0, MOST_NAMED),
    left_out_count: list.length
  }, signal)
  // It has another journal than this one: another uploader of the attempt wrote it.
  if (status !== 200) return { state: 'missing', sha256: [] }
  return body.state === 'missing' ? body : { state: 'finished', complete }
}

function forgetMissing (
  { stored }: Uploads,
  journal: Journal,
  seen: Map<string, Seen>,
  sha256: string[]
): void {
  for (const one of sha256) stored.delete(one)
  if (sha256.length > 0) for (const one of seen.values()) one.isFixed = false
  journal.rewrite()
}

interface Left {
  complete: boolean
  list: LeftOut[]
}

/** What is not among the results, what should be first. */
function leftOut ({ noFiles, impossible }: Scan, seen: Map<string, Seen>): Left {
  const named = (files: Map<string, string>): LeftOut[] => [...files].map(([name, reason]) => ({ name, reason }))
  const refused = [...seen.values()].flatMap(({ file: { name }, refused, isStored, isBehind }) => {
    if (isBehind) return [{ name, reason: 'the workload wrote on after its time was over; what is stored is older' }]
    return isStored ? [] : [{ name, reason: refused ?? 'it was still going up when the time of the uploader was over' }]
  })
  const missing = [...named(impossible), ...refused]
  return { complete: missing.length === 0, list: [...missing, ...named(noFiles)] }
}

async function giveUp ({ ask, log }: Work, journal: Journal, { list }: Left): Promise<boolean> {
  log('the time is over')
  const signal = AbortSignal.timeout(LAST_WORDS_MS)
  await journal.flush(signal)
  await sayDone(ask, journal, { complete: false, list }, signal)
  return conclude(false, journal, log)
}

function conclude (complete: boolean, journal: Journal, log: (line: string) => void): boolean {
  const { files, bytes } = journal.counts()
  log(`${complete ? 'all is up' : 'not all is up'}: ${files} files with ${bytes} bytes`)
  return complete
}

function describe (outcome: Outcome): string {
  if (outcome === 'changed') return 'changed'
  return 'refused' in outcome ? `refused, ${outcome.refused}` : 'stored'
}

/** Says once, not at every look, what is left out. */
function teller (log: (line: string) => void): (scan: Scan) => void {
  const told = new Set<string>()
  return function tell ({ noFiles, impossible }) {
    for (const [name, reason] of [...noFiles, ...impossible]) {
      const line = `left out, ${reason}: ${JSON.stringify(name)}`
      if (!told.has(line)) log(line)
      told.add(line)
    }
  }
}
