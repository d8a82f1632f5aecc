import type { Command } from '../arguments/command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { cancelWhenInterrupted } from '../job/cancel-when-interrupted.ts'
import { followJob } from '../job/follow-job.ts'
import { codeOfEnd } from '../job/job.ts'
import { tellWhy } from '../job/tell-why.ts'
import { jobIdOf } from '../settings/last-job.ts'
import { cancelOption, timeoutIn, timeoutOption } from './wait-options.ts'

export const wait: Command = {
  name: 'wait',
  usage: 'ID…',
  least: 1,
  most: Infinity,
  summary: 'Waits for the end of jobs; the exit code says how they ended',
  details: [
    'Of several jobs, the exit code is that of the first one that did not succeed. With --json, each job is one ' +
    'document. A server or network that fails is waited for, up to ten minutes.'
  ],
  examples: ['gx4ki wait @last', 'gx4ki wait --timeout 2h --json "$id"'],
  options: [timeoutOption, cancelOption],
  async run (session, given) {
    const ids = [...new Set(given.positionals.map((id) => jobIdOf(session, id)))]
    const timeout = timeoutIn(given)
    const until = timeout === undefined ? undefined : session.now() + timeout
    return await cancelWhenInterrupted(session, ids, given.flag('cancel-on-interrupt'), async () => {
      let code: ExitCode = EXIT.done
      for (const id of ids) {
        if (ids.length > 1) await session.note(id)
        // A timer takes whole milliseconds only, and the clock has parts of them.
        const left = until === undefined ? undefined : Math.max(1, Math.ceil(until - session.now()))
        const job = await followJob(session, id, left)
        await tellWhy(session, job)
        await session.answer(job, () => '')
        code ||= codeOfEnd(job)
      }
      return code
    })
  }
}
