import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import t from 'tap'
import { startHost } from '../../../knative/local/host.ts'
import { httpServer } from '../../support/http-server.ts'

await t.test('a port in use is reported before any part starts', async (t) => {
  const { url } = await httpServer(t)
  await t.rejects(startHost({ port: Number(new URL(url).port) }), { code: 'EADDRINUSE' })
})

await t.test('if a function cannot start, all other parts are stopped', async (t) => {
  const { TMPDIR } = process.env
  process.env.TMPDIR = t.testdir({})
  t.teardown(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  })
  await t.rejects(
    startHost({ port: 0, env: { '*': { S3_BUCKET: 'never-used' }, deploy: { JOB_TOKEN_KEY: 'too short' } } }),
    { message: /^deploy ended before it was ready:\n.*JOB_TOKEN_KEY/ }
  )
  t.strictSame(readdirSync(process.env.TMPDIR), [], 'no folder is left')
  const children = execFileSync('ps', ['-o', 'args=', '--ppid', String(process.pid)], { encoding: 'utf8' }).trim()
    .split('\n')
  t.strictSame(children.filter((line) => !line.startsWith('ps ')), [], 'no process is left')
})
