import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'
import { freePorts } from '../../knative/local/free-ports.ts'
import { poll } from '../support/poll.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

export type Version = '0.10.0' | '0.15.1'

/** The key of the Management APIs of these tests. */
export const MANAGEMENT_KEY = 'geheim-of-management'

const APIS = ['default', 'management', 'protocol', 'control', 'public'] as const

export interface EdcProcess {
  /** The participant's id. */
  name: string
  version: Version
  urls: Record<typeof APIS[number], string>
  /** Stops the process as a machine that hangs does, with open connections; `false` lets it continue. */
  freeze: (yes: boolean) => void
}

/**
 * Starts an unmodified connector with all its data in memory. The settings are those that it needs to start, and
 * `settings`. It ends with the test.
 */
export async function startEdc (
  t: Test,
  version: Version,
  name: string,
  settings: Record<string, string> = {}
): Promise<EdcProcess> {
  const jars = resolve('.local/edc', version)
  if (!existsSync(jars)) throw new Error(`${jars} is missing; make edc fetches it`)
  const ports = await freePorts(APIS.length)
  const urls = Object.fromEntries(APIS.map((api, i) => [api, `http://127.0.0.1:${ports[i]}/${api}`])) as
    EdcProcess['urls']
  const file = propertiesOf({
    'edc.participant.id': name,
    'edc.participant.context.id': name,
    'edc.hostname': '127.0.0.1',
    'edc.dsp.callback.address': urls.protocol,
    'edc.dataplane.api.public.baseurl': urls.public,
    'edc.api.auth.key': MANAGEMENT_KEY,
    'web.http.management.auth.type': 'tokenbased',
    'web.http.management.auth.key': MANAGEMENT_KEY,
    ...Object.fromEntries(APIS.flatMap((api, i) => {
      const prefix = api === 'default' ? 'web.http' : `web.http.${api}`
      return [[`${prefix}.port`, String(ports[i])], [`${prefix}.path`, `/${api}`]]
    })),
    // A contract takes less time. Transfers keep the times of EDC.
    'edc.negotiation.state-machine.iteration-wait-millis': '100',
    ...tokenKeys(),
    ...settings
  })
  const folder = temporaryFolder(t, { 'edc.properties': file })
  const child = spawn('java', [
    '-Xmx256m',
    `-Dedc.fs.config=${join(folder, 'edc.properties')}`,
    '-cp',
    `${jars}/*`,
    'org.eclipse.edc.boot.system.runtime.BaseRuntime'
  ], { stdio: ['ignore', 'pipe', 'pipe'] })
  const end = (): boolean => child.kill('SIGKILL')
  t.teardown(end)
  // An error in the file itself ends the process without a teardown.
  process.on('exit', end)
  let log = ''
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (text: Buffer) => {
      log += text.toString()
    })
  }
  await poll(`the connector ${name} has started`, () => {
    if (child.exitCode !== null) throw new Error(`the connector ${name} has ended:\n${log}`)
    return /Runtime \S+ ready/.test(log)
  }, 120)
  t.teardown(() => {
    if (!t.passing()) console.error(log)
  })
  return {
    name,
    version,
    urls,
    freeze (yes) {
      child.kill(yes ? 'SIGSTOP' : 'SIGCONT')
    }
  }
}

function propertiesOf (settings: Record<string, string>): string {
  return Object.entries(settings).map(([key, value]) => `${key}=${value.replaceAll('\n', '\\n')}\n`).join('')
}

/** The keys with which a data plane of EDC signs the tokens for its public address. */
function tokenKeys (): Record<string, string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    'edc.transfer.proxy.token.signer.privatekey.alias': 'private-key',
    'private-key': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'edc.transfer.proxy.token.verifier.publickey.alias': 'public-key',
    'edc.iam.publickeys.ours.id': 'public-key',
    'edc.iam.publickeys.ours.value': publicKey.export({ type: 'spki', format: 'pem' }).toString()
  }
}
