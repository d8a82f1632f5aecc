import type { Option } from '../arguments/command.ts'
import type { Arguments } from '../arguments/read-arguments.ts'
import { fetchResults } from '../download/fetch-results.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { cancelWhenInterrupted } from '../job/cancel-when-interrupted.ts'
import type { Accepted } from '../job/deploy-job.ts'
import { followJob } from '../job/follow-job.ts'
import { codeOfEnd } from '../job/job.ts'
import { tellWhy } from '../job/tell-why.ts'
import { printable } from '../../shared/words/printable.ts'
import type { Session } from '../session.ts'
import { cancelOption, directoryOption, forceOption, timeoutIn, timeoutOption } from './wait-options.ts'

/** The options for what follows the start of a job. */
export const startedOptions: Option[] = [
  { name: 'wait', short: 'w', help: 'wait for the end of the job; the exit code says how it ended' },
  { name: 'download', help: 'wait, then download the results, also those of a failed job' },
  { name: 'include', value: 'PATTERN', many: true, help: 'download only the results that fit' },
  directoryOption,
  forceOption,
  timeoutOption,
  cancelOption
]

/** Prints the id of a job that was started, at once, and waits for it and downloads its results if that is wanted. */
export async function started (session: Session, accepted: Accepted, given: Arguments): Promise<ExitCode> {
  const { job_uuid: id, message } = accepted
  const wantsResults = given.flag('download') || given.list('include').length > 0
  const waits = given.flag('wait') || wantsResults
  const timeout = timeoutIn(given)
  if (!session.json) await printId(session, id)
  if (message !== undefined) await session.note(printable(message))
  if (!waits) {
    if (session.json) await session.answer(accepted, () => '')
    await cancelWhenInterrupted(session, [id], given.flag('cancel-on-interrupt'), async () => session.interrupt.throwIfAborted())
    if (session.err.isTerminal) await session.note(`gx4ki wait ${id} waits for its end`)
    return EXIT.done
  }
  return await cancelWhenInterrupted(session, [id], given.flag('cancel-on-interrupt'), async () => {
    session.interrupt.throwIfAborted()
    const job = await followJob(session, id, timeout)
    await tellWhy(session, job)
    const fetched = wantsResults
      ? await fetchResults(session, id, {
        patterns: given.list('include'),
        folder: given.text('directory'),
        mayReplace: given.flag('force')
      })
      : undefined
    if (session.json) {
      await session.answer(fetched === undefined
        ? job
        : { ...job, download: { directory: fetched.directory, files: fetched.files } }, () => '')
    }
    return codeOfEnd(job) || fetched?.code || EXIT.done
  })
}

/** The id must not be lost: the job runs. */
async function printId ({ out }: Session, id: string): Promise<void> {
  try {
    await out.write(`${id}\n`)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure(error.code, error.message, { ...error.facts, job_uuid: id, hint: `the job is started: ${id}` })
  }
}
