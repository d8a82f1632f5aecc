import type { Command } from '../arguments/command.ts'
import { EXIT } from '../exit-codes.ts'
import { jobText } from '../job/job-text.ts'
import { readJob } from '../job/read-job.ts'
import { jobIdOf } from '../settings/last-job.ts'

export const status: Command = {
  name: 'status',
  usage: 'ID',
  least: 1,
  most: 1,
  summary: 'Shows a job: its state, times, variables and results',
  examples: ['gx4ki status @last', 'gx4ki status --json "$id" | jq -r .state'],
  async run (session, given) {
    const job = await readJob(session, jobIdOf(session, given.positionals[0]!))
    await session.answer(job, () => jobText(job, session.paint))
    return EXIT.done
  }
}
