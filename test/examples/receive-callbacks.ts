import { createHmac, randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import t from 'tap'
import { freePorts } from '../../knative/local/free-ports.ts'
import { testHost } from '../support/host.ts'
import { poll } from '../support/poll.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const [secret, newer] = [newSecret(), newSecret()] as const
const [port] = await freePorts(1)
const url = `http://127.0.0.1:${port}`
let printed = ''

await t.test('the receiver of examples/receive-callbacks', async (t) => {
  const receiver = spawn(process.execPath, ['examples/receive-callbacks/receiver.ts'], {
    env: { PORT: String(port), WEBHOOK_SECRET: `${secret} ${newer}` },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => receiver.kill())
  receiver.stdout.setEncoding('utf8').on('data', (text: string) => { printed += text })
  await poll('it listens', () => printed.includes(`listening on port ${port}`))

  await t.test('accepts the callback of a job, and has the end of the job', async (t) => {
    const host = await testHost(t, {
      '*': {
        WEBHOOK_SECRETS_DIR: temporaryFolder(t, { default: secret }),
        WEBHOOK_DEFAULT_SECRET: 'default',
        EGRESS_ALLOWED_ORIGINS: url
      }
    })
    const id = await host.deploy({ template: 'script', env: { SCRIPT: 'exit 3' }, callback: { url } })
    await poll('the callback is delivered', async () =>
      (await host.job(id) as { callback?: string }).callback === 'delivered')
    t.match(printed, `${id} failed: The workload, container workload, ended with exit code 3.`)
  })

  await t.test('takes a message once, and also with the newer of two secrets', async (t) => {
    const sent = message('one')
    t.equal(await send(sent, signatureOf(sent, newer)), 204)
    t.equal(await send(sent, signatureOf(sent, newer)), 204)
    t.equal(await send(sent, `v1,AAAA ${signatureOf(sent, newSecret())} ${signatureOf(sent, secret)}`), 204)
    t.equal(printed.split('job-of-one succeeded').length, 2)
  })

  await t.test('refuses a message of somebody else, a changed one and an old one', async (t) => {
    const sent = message('two')
    t.equal(await send(sent, signatureOf(sent, newSecret())), 401)
    t.equal(await send(sent, 'v1,'), 401)
    t.equal(await send(sent, signatureOf(sent, secret).replace('v1,', 'v1a,')), 401)
    t.equal(await send({ ...sent, body: `${sent.body} ` }, signatureOf(sent, secret)), 401)
    t.equal(await send({ ...sent, id: 'another' }, signatureOf(sent, secret)), 401)
    for (const age of [-360, 360]) {
      const old = message('two', age)
      t.equal(await send(old, signatureOf(old, secret)), 401, `${age} s`)
    }
    t.equal((await fetch(url, { method: 'POST', body: sent.body })).status, 401)
    t.equal((await fetch(url)).status, 405)
    t.notMatch(printed, 'job-of-two')
    t.equal((await fetch(url, { method: 'POST', body: Buffer.alloc(2 ** 21) })).status, 413)
  })
})

interface Message {
  id: string
  timestamp: string
  body: string
}

function message (id: string, age = 0): Message {
  const data = { job_uuid: `job-of-${id}`, state: 'succeeded', message: null }
  return { id, timestamp: String(Math.floor(Date.now() / 1000) - age), body: JSON.stringify({ data }) }
}

function signatureOf ({ id, timestamp, body }: Message, secret: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

async function send ({ id, timestamp, body }: Message, signature: string): Promise<number> {
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
  return (await fetch(url, { method: 'POST', headers, body })).status
}

function newSecret (): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}
