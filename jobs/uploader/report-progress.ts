import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { PROGRESS_FILE } from '../../shared/results/progress-file.ts'
import type { Ask } from './ask-service.ts'
import { estimateRest, type Seen } from './estimate-rest.ts'
import { parseProgress, type Reported } from './parse-progress.ts'
import type { End } from './the-end.ts'

/** What is read of the file: more than the longest report. */
const MOST_BYTES = 1024

interface Reporting {
  folder: string
  /** Between two reports, at least. */
  pauseMs: number
  /** Between two looks at the file. */
  lookMs?: number
  ask: Ask
  end: Pick<End, 'phase' | 'over'>
}

/** Tells result-upload how far the workload is, as long as it runs, and when there is something new. */
export async function reportProgress (
  { folder, pauseMs, lookMs = 1_000, ask, end }: Reporting
): Promise<void> {
  let told: Reported | undefined
  let toldAt = -Infinity
  let first: Seen | undefined
  while (end.phase() === 'running' && !end.over.aborted) {
    const reported = await readReport(folder)
    const now = performance.now()
    if (reported !== undefined) {
      // A workload that begins anew is estimated anew.
      if (first === undefined || reported.percent < first.percent) first = { percent: reported.percent, at: now }
      if (!isDeepStrictEqual(reported, told) && now >= toldAt + pauseMs) {
        const rest = estimateRest(first, { percent: reported.percent, at: now })
        // One that does not get through is not worth a second try: the next one is newer.
        const signal = AbortSignal.any([end.over, AbortSignal.timeout(pauseMs)])
        await ask('POST', 'progress', { ...reported, remaining_seconds: rest }, signal).catch(() => {})
        told = reported
        toldAt = now
      }
    }
    // Without a reference: this alone must not keep a process up whose upload has got stuck.
    await sleep(lookMs, undefined, { ref: false })
  }
}

async function readReport (folder: string): Promise<Reported | undefined> {
  // O_NONBLOCK: a named pipe in its place would wait for its writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW
  try {
    await using file = await open(join(folder, PROGRESS_FILE), flags)
    if (!(await file.stat()).isFile()) return undefined
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), { position: 0 })
    return parseProgress(buffer.subarray(0, bytesRead))
  } catch {
    // There is none, or it cannot be read: the results do not depend on it.
    return undefined
  }
}
