import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { newApiKey } from '../../../shared/access/api-key.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { oidcIssuer } from '../../support/oidc-issuer.ts'
import { poll } from '../../support/poll.ts'
import { testStore } from '../../support/store.ts'

// Another loopback address of this machine. The function treats it like a public address.
const BEYOND = '127.0.0.2'

function run (t: Test, env: Record<string, string>) {
  const child = spawn(process.execPath, ['dist/result-fetch.cjs'], {
    env: { S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  return {
    child,
    stdout: () => out,
    stderr: text(child.stderr),
    url: async () => await poll('it listens', () => /http:\/\/127.0.0.\d:\d+/.exec(out)?.[0])
  }
}

await t.test('on a public address it starts only if the settings say which callers are allowed', async (t) => {
  const { child, stderr, stdout } = run(t, { HOST: BEYOND })
  t.equal((await once(child, 'exit'))[0], 1)
  t.match(JSON.parse(await stderr), {
    level: 'fatal',
    msg: /HOST 127\.0\.0\.2 .* Set API_KEYS_DIR or OIDC_ISSUER to require credentials, or ANONYMOUS=allowed/
  })
  t.equal(stdout(), '')

  const open = run(t, { HOST: BEYOND, ANONYMOUS: 'allowed' })
  t.equal((await fetch(`${await open.url()}/health/readiness`)).status, 200)
  t.match(open.stdout().split('\n').filter(Boolean).map((line) => JSON.parse(line) as object), [{
    level: 'warn',
    host: BEYOND,
    msg: /^ANONYMOUS is allowed: every client/
  }], 'a warning is logged')

  for (
    const [env, message] of [[{ ANONYMOUS: 'yes' }, /ANONYMOUS must be equal to constant/], [{
      API_KEYS_DIR: 'not-there'
    }, /not-there/]] as const
  ) {
    const wrong = run(t, { HOST: BEYOND, ...env })
    t.equal((await once(wrong.child, 'exit'))[0], 1)
    t.match(JSON.parse(await wrong.stderr), { level: 'fatal', msg: message })
  }
})

await t.test('the log contains no credential', async (t) => {
  const { settings: store } = await testStore(t)
  const { settings, folder, add } = apiKeyFolder(t)
  const issuer = await oidcIssuer(t)
  const misplaced = newApiKey()
  writeFileSync(join(folder, misplaced.id), misplaced.key)
  const { child, stdout, stderr, url } = run(t, {
    ...store,
    ...settings,
    ...issuer.settings,
    HOST: BEYOND,
    LOG_LEVEL: 'trace',
    REQUESTS_PER_MINUTE_PER_CALLER: '4'
  })
  const at = await url()
  const credentials = [
    add('alice', 'jobs:read'),
    newApiKey().key,
    misplaced.key,
    await issuer.token(),
    await issuer.token({ aud: 'other' }),
    await issuer.token({ scope: '' })
  ]
  const statuses: number[] = []
  for (const credential of credentials) {
    statuses.push((await fetch(`${at}/job`, { headers: { authorization: `Bearer ${credential}` } })).status)
  }
  t.same(statuses, [200, 401, 401, 200, 401, 403])
  issuer.setDown(true)
  for (let i = 0; i < 4; i++) {
    statuses.push((await fetch(`${at}/job`, { headers: { authorization: `Bearer ${credentials[0]}` } })).status)
  }
  t.equal(statuses.at(-1), 429, 'the request limit is active when it is set')
  child.kill('SIGTERM')
  await once(child, 'exit')
  const said = stdout() + await stderr
  t.match(said, `"file":"${misplaced.id}","msg":"The API key file is ignored: it is not JSON"`)
  t.match(said, /"caller":"oidc:alice".*forbidden/, 'the log names the refused caller')
  for (const credential of credentials) {
    for (const part of credential.split(/[._]/).filter(({ length }) => length > 12)) {
      t.notOk(said.includes(part), 'no part of a credential is in the log')
    }
  }
})

await t.test('a wrong address of the store for callers is refused at the start, by name', async (t) => {
  for (const wrong of ['s3.example.com', 'https://s3.example.com/bucket', 'https://key:secret@s3.example.com', 'ftp://a']) {
    const { child, stderr } = run(t, { S3_PUBLIC_ENDPOINT: wrong })
    t.equal((await once(child, 'exit'))[0], 1)
    const line = await stderr
    t.match(JSON.parse(line), { level: 'fatal', msg: /^wrong settings: environment\/S3_PUBLIC_ENDPOINT must match pattern/ })
    t.notOk(line.includes('secret'))
  }
})
