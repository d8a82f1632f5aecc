import { atMost } from '../../shared/flow/at-most.ts'
import type { Ask } from './ask-service.ts'
import { batchesOf } from './batches-of.ts'
import { type Journal, openJournal } from './journal.ts'
import { type Left, leftOut, named, sayDone } from './say-done.ts'
import { type Scan, scanResults } from './scan-results.ts'
import { isDue, madeLater, note, noteLoss, noteRefusal, type SeenFile, stillThat } from './seen-file.ts'
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
  let seen = new Map<string, SeenFile>()
  let scan: Scan = { files: [], noFiles: new Map(), impossible: [] }
  let told = 0
  let isCut = false

  for (let round = 1; ;) {
    // Before the look into the folder: what is written until the end is seen in the last look.
    const phase = end.phase()
    const began = performance.now()
    await look(phase)
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
        const lost = takeBack(uploads, journal, seen, finish.sha256)
        if (round++ < ROUNDS) continue
        for (const one of lost) noteRefusal(one, 'the store has lost it again and again', journal)
        return await giveUp('the store loses what it has taken', work, journal, leftOut(scan, seen))
      }
    } catch (error) {
      if (!end.over.aborted) throw error
    }
    if (end.over.aborted) {
      // A workload that was cut may have written on while the last files went up.
      if (end.phase() !== 'ended') await look('cut')
      return await giveUp('the time is over', work, journal, leftOut(scan, seen))
    }
    if (phase === end.phase()) {
      await end.wait(phase === 'running' ? Math.max(settleMs / 3, looked / SHARE) : settleMs / 3)
    }
  }

  async function look (phase: Phase): Promise<void> {
    scan = await scanResults(folder, { final: phase !== 'running' })
    tell(scan)
    const isLater = phase === 'cut' && isCut
    isCut = phase === 'cut'
    if (isLater) scan.impossible.push(...madeLater(seen, scan.files))
    else seen = new Map(scan.files.map((file) => [file.name, stillThat(seen.get(file.name), file, phase)]))
  }
}

async function uploadDue (
  { syncable, log }: Work,
  uploads: Uploads,
  journal: Journal,
  due: SeenFile[],
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

/** Tells result-upload of contents that no file has any more; a file that has them again is sent again. */
async function drop ({ ask, stored }: Uploads, sha256: string[]): Promise<void> {
  for (const one of sha256) stored.delete(one)
  for (let from = 0; from < sha256.length; from += 100) {
    await ask('POST', 'drop', { sha256: sha256.slice(from, from + 100) })
  }
}

/** Makes those files due again whose bytes the store turned out not to have. Answers them. */
function takeBack (
  { stored }: Uploads,
  journal: Journal,
  seen: Map<string, SeenFile>,
  sha256: string[]
): SeenFile[] {
  const missing = new Set(sha256)
  for (const one of missing) stored.delete(one)
  const lost = [...seen.values()].filter((one) => one.sha256 !== undefined && missing.has(one.sha256))
  lost.forEach(noteLoss)
  journal.rewrite()
  return lost
}

/** Says what is up although it is not all. Answers `false`. */
async function giveUp (
  why: string,
  { ask, log }: Work,
  journal: Journal,
  { list }: Left
): Promise<boolean> {
  log(why)
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
    for (const { name, reason } of [...named(noFiles), ...impossible]) {
      const line = `left out, ${reason}: ${JSON.stringify(name)}`
      if (!told.has(line)) log(line)
      told.add(line)
    }
  }
}
