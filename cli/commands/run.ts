import type { Command } from '../arguments/command.ts'
import { EXIT } from '../exit-codes.ts'
import { deployJob, tryJob } from '../job/deploy-job.ts'
import { started, startedOptions } from './started.ts'
import { startOptions, startRequest } from './start-options.ts'
import { timeoutIn } from './wait-options.ts'

export const run: Command = {
  name: 'run',
  usage: '[TEMPLATE]',
  most: 1,
  summary: 'Starts a job from a template and prints its id',
  details: [
    'Without TEMPLATE, the server takes its default. --env wins over --value-file, this over a later --dotenv, and ' +
    'this over an earlier one. A dotenv file is never read by itself.'
  ],
  examples: [
    'gx4ki run drive -e DURATION=60 --wait --download',
    'id=$(gx4ki run drive --dotenv job.env)'
  ],
  options: [
    ...startOptions,
    { name: 'dry-run', help: 'ask whether the job would be accepted; nothing is started' },
    ...startedOptions
  ],
  async run (session, given) {
    const [template] = given.positionals
    timeoutIn(given)
    const { body: asked, from } = await startRequest(session, given)
    const body = { ...asked, ...(template !== undefined && { template }) }
    if (given.flag('dry-run')) {
      const checked = await tryJob(session, body, from)
      await session.answer(checked, () => '')
      await session.note('The job would be accepted.')
      return EXIT.done
    }
    return await started(session, await deployJob(session, body, from, given.text('idempotency-key')), given)
  }
}
