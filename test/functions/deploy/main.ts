import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { kubeconfigFor } from '../../support/cluster-at.ts'
import { testKubernetes } from '../../support/local-kubernetes.ts'
import { poll } from '../../support/poll.ts'
import { testStore } from '../../support/store.ts'

const secret = 'correct horse battery staple'
const tokenKey = 'a key that must not be in any output'

const template = (name: string, more: object = {}, pod: object = {}): string =>
  JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      annotations: {
        'gx4ki.io/description': 'test',
        'gx4ki.io/env':
          '{"type":"object","properties":{"PASSWORD":{"type":"string","minLength":4,"writeOnly":true,"description":"hidden"},"N":{"type":"integer","default":1,"description":"a number"}}}',
        'gx4ki.io/results': '/results'
      }
    },
    spec: { suspend: true, ...more, template: { spec: { containers: [{ name: 'main', image: 'none' }], ...pod } } }
  })

function run (
  t: Test,
  env: Record<string, string>
): { child: ChildProcess, stdout: () => string, stderr: Promise<string> } {
  const child = spawn(process.execPath, ['dist/deploy.cjs'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  return { child, stdout: () => out, stderr: text(child.stderr) }
}

await t.test('the whole function: it serves, logs JSON without secrets, and ends at SIGTERM', async (t) => {
  const { settings } = await testStore(t)
  const local = await testKubernetes(t)
  const token = local.config.getCurrentUser()!.token!
  const templates = t.testdir({
    'test.yaml': template('test'),
    'refused.yaml': template('refused', { backoffLimit: -1 }),
    'broken.yaml': 'hello'
  })
  const { child, stdout, stderr } = run(t, {
    ...settings,
    PORT: '0',
    LOG_LEVEL: 'trace',
    KUBECONFIG: kubeconfigFor(t, local.url, token),
    JOB_TOKEN_KEY: tokenKey,
    TEMPLATES_DIR: templates,
    DEFAULT_TEMPLATE: 'test',
    UPLOAD_URL: 'http://127.0.0.1:9',
    IMAGE: 'none'
  })
  const url = await poll('the server listens', () => /http:\/\/127.0.0.1:\d+/.exec(stdout())?.[0])
  const deploy = async (body: object, headers = {}): Promise<Response> =>
    await fetch(`${url}/job/deploy`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        ...headers
      },
      body: JSON.stringify(body)
    })

  const env = { PASSWORD: secret }
  const accepted = await deploy({ env }, { 'idempotency-key': 'a' })
  t.equal(accepted.status, 202)
  const { job_uuid: id } = await accepted.json() as { job_uuid: string }
  t.equal((await deploy({ env: { PASSWORD: secret, N: 2 } }, { 'idempotency-key': 'a' })).status, 422)
  t.equal((await deploy({ env: { PASSWORD: secret, N: 'x' } })).status, 400)
  t.equal((await deploy({ env: { PASSWORD: 'hor' } })).status, 400)
  t.equal((await deploy({ template: 'refused', env })).status, 422)
  t.equal(
    (await fetch(`${url}/job/deploy`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: `PASSWORD="${secret}`
    })).status,
    400
  )
  t.equal((await fetch(`${url}/health/readiness`)).status, 200)
  await local.stop()
  t.equal((await deploy({ env })).status, 503)

  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  t.equal(code, 0)

  const lines = stdout().trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  t.match(lines.find(({ msg }) => msg === 'job accepted'), {
    level: 'info',
    function: 'deploy',
    time: /^20.*Z$/,
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    job_uuid: id
  })
  t.ok(
    lines.some(({ level, err }) => level === 'error' && JSON.stringify(err).includes('ECONNREFUSED')),
    'the log has the cause of the error'
  )
  const errors = await stderr
  t.match(JSON.parse(errors.trim()), {
    level: 'error',
    function: 'deploy',
    file: 'broken.yaml',
    msg: /^template left out: /
  })
  for (const hidden of [secret, 'horse', tokenKey, settings.S3_SECRET_KEY, token]) {
    t.notOk((stdout() + errors).includes(hidden), 'the output has no secret')
  }
})

await t.test('changed templates apply without a restart, and a wrong template does not stop the others', async (t) => {
  const folder = t.testdir({ 'test.yaml': template('test'), 'wanted.yaml': 'hello' })
  const { child, stdout, stderr } = run(t, {
    S3_ACCESS_KEY: 'a',
    S3_SECRET_KEY: secret,
    PORT: '0',
    KUBECONFIG: kubeconfigFor(t, 'http://127.0.0.1:9'),
    JOB_TOKEN_KEY: tokenKey,
    TEMPLATES_DIR: folder,
    DEFAULT_TEMPLATE: 'wanted',
    UPLOAD_URL: 'http://127.0.0.1:9',
    IMAGE: 'none'
  })
  const url = await poll('the server listens', () => /http:\/\/127.0.0.1:\d+/.exec(stdout())?.[0])
  const listed = async (): Promise<unknown> => {
    const { templates, refused } = await (await fetch(`${url}/template`)).json() as {
      templates: { name: string }[]
      refused: { file: string }[]
    }
    return [templates.map(({ name }) => name), refused.map(({ file }) => file)]
  }
  t.same(await listed(), [['test'], ['wanted.yaml']])
  t.match(await (await fetch(`${url}/job/deploy`)).json(), {
    status: 400,
    detail: /^The template wanted cannot be used: not a template/
  })
  writeFileSync(join(folder, 'wanted.yaml'), template('wanted'))
  writeFileSync(join(folder, 'test.yaml'), 'hello')
  t.same(await listed(), [['wanted'], ['test.yaml']])
  writeFileSync(join(folder, 'hasty.yaml'), template('hasty', {}, { terminationGracePeriodSeconds: 30 }))
  for (let times = 0; times < 2; times++) t.same(await listed(), [['hasty', 'wanted'], ['test.yaml']])
  // The request fails now only because there is no store.
  t.match(await (await fetch(`${url}/job/deploy`)).json(), { status: 503 })
  child.kill('SIGTERM')
  t.match((await stderr).trim().split('\n').map((line) => JSON.parse(line) as object), [
    { level: 'error', file: 'wanted.yaml', msg: /^template left out: not a template/ },
    { level: 'error', msg: `the default template wanted is not usable in ${folder}; add it or set DEFAULT_TEMPLATE` },
    { level: 'error', file: 'test.yaml', msg: /^template left out/ },
    { level: 'warn', template: 'hasty', msg: /^template hasty: terminationGracePeriodSeconds is 30, and a full result/ }
  ])
})

await t.test('a failed start logs the reason in one line', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const good = {
    S3_ACCESS_KEY: 'a',
    S3_SECRET_KEY: secret,
    JOB_TOKEN_KEY: tokenKey,
    UPLOAD_URL: 'http://127.0.0.1:9',
    IMAGE: 'none',
    KUBECONFIG: kubeconfigFor(t, 'http://127.0.0.1:9'),
    LOG_LEVEL: 'silent'
  }
  await Promise.all(([
    [
      { JOB_TOKEN_KEY: 'horse', PORT: 'horse' },
      /wrong settings: environment\/PORT must be integer, environment\/JOB_TOKEN_KEY must NOT have fewer than 32 characters/
    ],
    [{ TEMPLATES_DIR: 'not-there' }, /not-there/],
    [{ PORT: String((taken.address() as AddressInfo).port) }, /EADDRINUSE/]
  ] as const).map(async ([more, reason]) => {
    const { child, stdout, stderr } = run(t, { ...good, ...more })
    const [code] = await once(child, 'exit')
    t.equal(code, 1)
    const line = await stderr
    t.match(JSON.parse(line), { level: 'fatal', msg: reason })
    t.notMatch(line + stdout(), /horse/)
  }))
})
