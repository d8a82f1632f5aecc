import type { Command } from '../arguments/command.ts'
import { misuse } from '../failure.ts'
import { deployJob } from '../job/deploy-job.ts'
import { readJob } from '../job/read-job.ts'
import { readTemplates, type Template } from '../job/read-templates.ts'
import { jobIdOf } from '../settings/last-job.ts'
import { printable } from '../../shared/words/printable.ts'
import { started, startedOptions } from './started.ts'
import { startOptions, startRequest } from './start-options.ts'
import { timeoutIn } from './wait-options.ts'

export const rerun: Command = {
  name: 'rerun',
  usage: 'ID',
  least: 1,
  most: 1,
  summary: 'Starts a job again, with the same template and variables',
  details: [
    'Takes the template and the variables that the server shows of the job, and changes those that are given. Secret ' +
    'variables are never shown, so they must be given again. The queue and the callback are not shown either.'
  ],
  examples: ['gx4ki rerun @last -e SEED=7 --wait', 'gx4ki rerun "$id" -e PASSWORD --wait'],
  options: [
    ...startOptions,
    { name: 'without-secrets', help: 'leave out the secret variables of the template that are not given' },
    ...startedOptions
  ],
  async run (session, given) {
    timeoutIn(given)
    const id = jobIdOf(session, given.positionals[0]!)
    const { body: asked, from } = await startRequest(session, given)
    const { template, env, callback } = await readJob(session, id)
    const known = (await readTemplates(session)).templates.find(({ name }) => name === template)
    const secrets = secretsOf(known).filter((name) => !Object.hasOwn(asked.env, name))
    if (secrets.length > 0 && !given.flag('without-secrets')) {
      throw misuse(
        `${printable(template)} has secret variables, which are never shown, so not copied: ${secrets.map(printable).join(', ')}`,
        `give each again, for example -e ${secrets[0]} to take it from your environment, or add --without-secrets`
      )
    }
    if (callback !== null && asked.callback === undefined) {
      await session.note('The callback of the job is not copied; --callback gives one.')
    }
    const body = { ...asked, template, env: { ...env, ...asked.env } }
    return await started(session, await deployJob(session, body, from, given.text('idempotency-key')), given)
  }
}

function secretsOf (template: Template | undefined): string[] {
  return Object.entries(template?.env.properties ?? {}).flatMap(([name, { writeOnly }]) => writeOnly ? [name] : [])
}
