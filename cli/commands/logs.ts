import type { Command } from '../arguments/command.ts'
import { EXIT } from '../exit-codes.ts'
import { misuse } from '../failure.ts'
import { cancelWhenInterrupted } from '../job/cancel-when-interrupted.ts'
import { logOf } from '../job/kept-log.ts'
import { jobIdOf } from '../settings/last-job.ts'
import { printableLines } from '../show/printable.ts'

export const logs: Command = {
  name: 'logs',
  usage: 'ID',
  least: 1,
  most: 1,
  summary: 'Prints the log of a job',
  details: [
    'While the job runs, this is what it has written so far; when it has ended, the last 10 MiB of its log. Before it ' +
    'runs, the exit code is 8. -f waits for the end and prints the log then.',
    'On a terminal, control characters other than colours are shown and not sent to it. With --json, the log is one ' +
    'string.'
  ],
  examples: ['gx4ki logs @last --tail 50', 'gx4ki logs -f "$id" > job.log'],
  options: [
    { name: 'follow', short: 'f', help: 'wait for the end of the job first' },
    { name: 'tail', value: 'N', help: 'only the last N lines' }
  ],
  async run (session, given) {
    const id = jobIdOf(session, given.positionals[0]!)
    const tail = tailOf(given.text('tail'))
    await cancelWhenInterrupted(session, [id], false, async () => {
      const chunks = logOf(session, id, { follow: given.flag('follow') })
      if (session.json || tail !== undefined) {
        const log = lastLines(Buffer.concat(await all(chunks)), tail)
        await session.answer({ job_uuid: id, log: log.toString() }, () => '')
        if (!session.json) await print(log)
      } else {
        for await (const chunk of session.out.isTerminal ? linesOf(chunks) : chunks) {
          await print(chunk)
          if (session.out.isGone()) break
        }
      }
    })
    return EXIT.done

    async function print (bytes: Uint8Array): Promise<void> {
      // A program gets the bytes; a terminal would obey them.
      await session.out.write(session.out.isTerminal ? printableLines(Buffer.from(bytes).toString()) : bytes)
    }
  }
}

function tailOf (text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text)) throw misuse('--tail must be a number of lines')
  return Number(text)
}

/** The bytes of the last lines. The line feed at the end does not begin another line. */
function lastLines (bytes: Buffer, count: number | undefined): Buffer {
  if (count === undefined) return bytes
  if (count === 0) return bytes.subarray(bytes.length)
  let at = bytes.length - 1
  for (let left = count; left > 0 && at > 0; left--) at = bytes.lastIndexOf(10, at - 1)
  return bytes.subarray(at > 0 ? at + 1 : at < 0 ? 0 : at)
}

async function all (chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const found = []
  for await (const chunk of chunks) found.push(chunk)
  return found
}

/** Whole lines, so that no character or colour is cut. */
async function * linesOf (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(10) + 1
    if (end > 0) yield bytes.subarray(0, end)
    rest = bytes.subarray(end)
  }
  if (rest.length > 0) yield rest
}
