import { setTimeout as sleep } from 'node:timers/promises'
import type { Ask } from './ask-service.ts'
import { removeStrays } from './remove-strays.ts'
import { type FoundFile, type Scan, scanResults } from './scan-results.ts'
import { type Outcome, uploadFile } from './upload-file.ts'

interface Work {
  folder: string
  /** How long a file must stay as it is before it is taken for finished while the workload still runs. */
  settleMs: number
  ask: Ask
  /** Aborted when the workload has ended. */
  ended: AbortSignal
  log: (line: string) => void
}

/** A file as it was first seen in its present form, and what became of it. */
interface Seen {
  file: FoundFile
  since: number
  outcome?: Exclude<Outcome, 'changed'>
}

/**
 * Uploads the results as they are finished, and when the workload has ended the rest; false when not all of them could
 * be.
 */
export async function uploadResults (work: Work): Promise<boolean> {
  const { ask, log } = work
  // The second time after the store turned out to have something else than the folder.
  for (const round of [1, 2]) {
    const { complete, files } = await uploadUntilEnd(work)
    if (!complete) return false
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    const { status, body } = await ask('POST', 'done', { files: files.length, bytes })
    if (status === 200) {
      log(`all is up: ${files.length} files with ${bytes} bytes`)
      return true
    }
    log(`not all is up: ${body.detail}`)
    if (round === 1) await removeStrays(ask, new Set(files.map(({ name }) => name)), log)
  }
  return false
}

async function uploadUntilEnd (
  { folder, settleMs, ask, ended, log }: Work
): Promise<{ complete: boolean, files: FoundFile[] }> {
  const tell = reporter(log)
  let seen = new Map<string, Seen>()
  while (true) {
    // Before the look into the folder: what is written until the end is seen in the last round.
    const last = ended.aborted
    const scan = await scanResults(folder)
    tell(scan)
    seen = new Map(scan.files.map((file) => [file.name, stillThat(seen.get(file.name), file)]))
    for (const one of seen.values()) {
      if (one.outcome !== undefined || (!last && performance.now() < one.since + settleMs)) continue
      const outcome = await uploadFile(ask, one.file, log)
      if (outcome === 'changed') one.since = performance.now()
      else one.outcome = outcome
      log(`${describe(outcome)}: ${JSON.stringify(one.file.name)}, ${one.file.size} bytes`)
    }
    const all = [...seen.values()]
    if (last && all.every(({ outcome }) => outcome !== undefined)) {
      return {
        complete: scan.impossible.size === 0 && all.every(({ outcome }) => outcome === 'stored'),
        files: scan.files
      }
    }
    await sleep(settleMs / 3, undefined, last ? {} : { signal: ended }).catch(() => {
      // The workload has ended: no more waiting.
    })
  }
}

function stillThat (before: Seen | undefined, file: FoundFile): Seen {
  return before?.file.identity === file.identity ? before : { file, since: performance.now() }
}

function describe (outcome: Outcome): string {
  return typeof outcome === 'string' ? outcome : `refused, ${outcome.refused}`
}

/** Says once, not at every look, what is left out. */
function reporter (log: (line: string) => void): (scan: Scan) => void {
  const told = new Set<string>()
  return function tell ({ skipped, impossible }) {
    const lines = [
      ...skipped.map((name) => `skipped: ${JSON.stringify(name)}, it is no plain file`),
      ...[...impossible].map(([name, reason]) => `refused, ${reason}: ${JSON.stringify(name)}`)
    ]
    for (const line of lines) {
      if (!told.has(line)) log(line)
      told.add(line)
    }
  }
}
