import type { Command } from '../arguments/command.ts'
import { askJson } from '../api/ask.ts'
import { EXIT } from '../exit-codes.ts'
import { cancelWhenInterrupted } from '../job/cancel-when-interrupted.ts'
import { followJob } from '../job/follow-job.ts'
import { hasEnded, JOB_MEMBERS, type Job } from '../job/job.ts'
import { jobIdOf } from '../settings/last-job.ts'
import { timeoutIn, timeoutOption } from './wait-options.ts'

export const cancel: Command = {
  name: 'cancel',
  usage: 'ID…',
  least: 1,
  most: Infinity,
  summary: 'Cancels jobs; what they have uploaded is kept',
  details: ['A job that has ended stays as it is, and that is no error. With --json, each job is one document.'],
  examples: ['gx4ki cancel @last', 'gx4ki cancel --wait "$id"'],
  options: [{ name: 'wait', short: 'w', help: 'wait until the jobs have ended' }, timeoutOption],
  async run (session, given) {
    const ids = [...new Set(given.positionals.map((id) => jobIdOf(session, id)))]
    const timeout = timeoutIn(given)
    for (const id of ids) {
      const asked = await askJson<Job>(session, { method: 'DELETE', path: `/job/${id}` }, ...JOB_MEMBERS)
      const job = given.flag('wait') && !hasEnded(asked)
        ? await cancelWhenInterrupted(session, [id], false, async () => await followJob(session, id, timeout))
        : asked
      await session.answer(job, () => '')
      await session.note(hasEnded(job) ? `${id} has ended: ${job.state}` : `${id} is being canceled`)
    }
    return EXIT.done
  }
}
