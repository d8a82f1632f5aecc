import type { Option } from '../arguments/command.ts'
import type { Arguments } from '../arguments/read-arguments.ts'
import { misuse } from '../failure.ts'
import type { DeployBody } from '../job/deploy-job.ts'
import { readValues, type Values } from '../job/read-values.ts'
import type { Session } from '../session.ts'

const toldStates = ['running', 'succeeded', 'failed', 'canceled', 'lost'] as const

/** The options of the commands that start a job, apart from its template. */
export const startOptions: Option[] = [
  { name: 'env', short: 'e', value: 'NAME=VALUE', many: true, help: 'sets a variable; NAME alone takes its value from your environment' },
  // Not `env-file`: Node.js takes an option of this name for itself, wherever it stands, and loads the file.
  { name: 'dotenv', value: 'FILE', many: true, help: 'a dotenv file; - is stdin' },
  { name: 'value-file', value: 'NAME=FILE', many: true, help: 'sets a variable to the content of a file' },
  { name: 'queue', value: 'QUEUE', help: 'the queue in which the job waits' },
  { name: 'callback', value: 'URL', help: 'a receiver for the end of the job' },
  { name: 'callback-on', value: 'STATE', many: true, help: 'a state that is reported to it', choices: toldStates },
  { name: 'callback-secret', value: 'NAME', help: 'the secret that signs the callbacks' },
  { name: 'idempotency-key', value: 'KEY', help: 'the same key gives the same job; without it, each call starts a job' }
]

/** The request for a job, apart from its template. */
export async function startRequest (
  session: Session,
  given: Arguments
): Promise<{ body: DeployBody, from: Values['from'] }> {
  const { env, from } = await readValues(session, {
    set: given.list('env'),
    fileValues: given.list('value-file'),
    envFiles: given.list('dotenv')
  })
  const [queue, url, secret] = ['queue', 'callback', 'callback-secret'].map((name) => given.text(name))
  const events = given.list('callback-on')
  if (url === undefined && (secret !== undefined || events.length > 0)) {
    throw misuse('--callback-on and --callback-secret need --callback')
  }
  return {
    body: {
      env,
      ...(queue !== undefined && { queue }),
      ...(url !== undefined && {
        callback: { url, ...(events.length > 0 && { events }), ...(secret !== undefined && { secret_ref: secret }) }
      })
    },
    from
  }
}
