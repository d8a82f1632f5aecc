import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { printable, printableLines } from '../../shared/words/printable.ts'
import type { Job } from './job.ts'
import { keptLog } from './kept-log.ts'

const LINES = 20
const MOST_NAMES = 5

/** Says on stderr why a job did not succeed: its message, what is left out, and the end of its log. */
export async function tellWhy (session: Session, job: Job): Promise<void> {
  const { job_uuid: id, state, message, exit_code: exit, results } = job
  const { note, quiet, json } = session
  if (quiet || json || state === 'succeeded') return
  if (message !== null) await note(printable(message))
  if (exit !== null && exit !== 0) await note(`The workload ended with exit code ${exit}.`)
  for (const { name, reason } of results?.left_out.slice(0, MOST_NAMES) ?? []) {
    await note(`  left out: ${printable(name)}: ${printable(reason)}`)
  }
  const log = await endOfLog(session, id)
  if (log.length === 0) return
  await note(`The end of its log (all of it: gx4ki logs ${id}):`)
  for (const line of log) await note(`  ${printableLines(line)}`)
}

/** The log is an aid here: that there is none is no reason to fail. */
async function endOfLog (session: Session, id: string): Promise<string[]> {
  try {
    const chunks = []
    for await (const chunk of keptLog(session, id, { again: 8, tail: LINES })) chunks.push(chunk)
    return Buffer.concat(chunks).toString().trimEnd().split('\n').filter((line) => line !== '')
  } catch (error) {
    if (error instanceof Failure && !session.interrupt.aborted) return []
    throw error
  }
}
