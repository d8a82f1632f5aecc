import type { Command } from '../arguments/command.ts'
import { EXIT } from '../exit-codes.ts'
import { misuse } from '../failure.ts'
import { cancelWhenInterrupted } from '../job/cancel-when-interrupted.ts'
import { keptLog } from '../job/kept-log.ts'
import { liveLog } from '../job/live-log.ts'
import { jobIdOf } from '../settings/last-job.ts'
import type { Session } from '../session.ts'
import type { Output } from '../world.ts'
import { printableLines } from '../../shared/words/printable.ts'

export const logs: Command = {
  name: 'logs',
  usage: 'ID',
  least: 1,
  most: 1,
  summary: 'Prints the log of a job',
  details: [
    'While the job runs, this is what it has written so far; when it has ended, the last 10 MiB of its log. Before it ' +
    'runs, the exit code is 8.',
    '-f prints the lines as they are written, and ends with the job. It waits for a job that does not run ' +
    'yet. With -f, bytes that are not UTF-8 are replaced.',
    'On a terminal, control characters other than colours are shown and not sent to it. With --json, the log is one ' +
    'string.'
  ],
  examples: ['gx4ki logs @last --tail 50', 'gx4ki logs -f "$id" > job.log'],
  options: [
    { name: 'follow', short: 'f', help: 'print the lines as they come, until the job ends' },
    { name: 'tail', value: 'N', help: 'only the last N lines; with -f, begin with them' }
  ],
  async run (session, given) {
    const id = jobIdOf(session, given.positionals[0]!)
    const tail = tailOf(given.text('tail'))
    await cancelWhenInterrupted(session, [id], false, async () => {
      const chunks = given.flag('follow') ? followed(session, id, tail) : keptLog(session, id, { again: 0, tail })
      if (session.json) {
        const log: Uint8Array[] = []
        for await (const chunk of chunks) log.push(chunk)
        await session.answer({ job_uuid: id, log: Buffer.concat(log).toString() }, () => '')
        return
      }
      if (session.out.isTerminal) return await showOnTerminal(session.out, chunks)
      for await (const chunk of chunks) {
        await session.out.write(chunk)
        if (session.out.isGone()) break
      }
    })
    return EXIT.done
  }
}

/** A terminal would obey the bytes that a program gets. Of what it obeys only colours are left, up to the end. */
async function showOnTerminal (out: Output, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let hasColours = false
  try {
    for await (const lines of linesOf(chunks)) {
      const text = printableLines(Buffer.from(lines).toString())
      hasColours ||= text.includes('\u001b')
      await out.write(text)
      if (out.isGone()) break
    }
  } finally {
    if (hasColours) await out.write('\u001b[0m')
  }
}

/** A job that has written nothing may have a log that says why, or none. */
async function * followed (session: Session, id: string, tail: number | undefined): AsyncGenerator<Uint8Array> {
  let isEmpty = true
  for await (const chunk of liveLog(session, id, tail)) {
    isEmpty = false
    yield chunk
  }
  if (isEmpty) yield * keptLog(session, id, { again: 60, tail })
}

function tailOf (text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text)) throw misuse('--tail must be a number of lines')
  return Number(text)
}

/** A line that goes on for longer is printed in parts. */
const LONGEST_LINE = 1024 * 1024

/** Whole lines, so that no character or colour is cut. */
async function * linesOf (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk])
    const end = bytes.length > LONGEST_LINE ? bytes.length : bytes.lastIndexOf(10) + 1
    if (end > 0) yield bytes.subarray(0, end)
    rest = bytes.subarray(end)
  }
  if (rest.length > 0) yield rest
}
