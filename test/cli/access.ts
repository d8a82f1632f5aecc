import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { newJobId } from '../../shared/job/job-id.ts'
import { apiKeyFolder } from '../support/api-keys.ts'
import { fetchServer } from '../support/fetch-server.ts'
import { httpServer } from '../support/http-server.ts'
import { answerJson, jobApi } from '../support/job-api.ts'
import { poll } from '../support/poll.ts'
import { gx4kiAt } from '../support/run-gx4ki.ts'
import { testStore } from '../support/store.ts'

await t.test('gx4ki login checks a token and keeps it for its server only', async (t) => {
  const keys = apiKeyFolder(t)
  const server = await fetchServer(t, await testStore(t), keys.settings)
  const key = keys.add('alice', 'jobs:read', 'jobs:write')
  const { create } = server
  const { job_uuid: id } = await create({ owner: 'alice' })
  const { run, folder, onTerminal } = gx4kiAt(t, server.url)
  const config = join(folder, '.config/gx4ki/config.json')

  t.match(await run(['status', id]), { code: 4, stdout: '', stderr: /sign in with gx4ki login/ })
  t.match(await run(['login'], { input: 'gx4ki_wrong\n' }), { code: 4, stderr: /does not accept the token/ })
  t.throws(() => readFileSync(config), 'a wrong token is not kept')

  const { code, stdout, stderr } = await run(['login', server.url, '-v'], { input: `${key}\n` })
  t.strictSame([code, stdout], [0, ''], stderr)
  t.notMatch(stderr, key)
  t.equal(statSync(config).mode & 0o777, 0o600)
  t.match(await run(['status', id, '-v'], { env: { GX4KI_URL: '' } }), { code: 0 }, 'the address is kept too')
  t.match(await run(['status', newJobId()]), { code: 3 })
  await t.test('a terminal does not show what is typed', async (t) => {
    const typed = await onTerminal(['login'], { TYPED: `${key}\r` }).ended
    t.equal(typed.code, 0, typed.stdout)
    t.match(typed.stdout, /Token for http/)
  })

  const other = await httpServer(t, (_, response) => answerJson(response, 200, { jobs: [], next_cursor: null }))
  await run(['list', '--url', other.url])
  t.notOk('authorization' in other.received[0]!.headers, 'another origin does not get the token')

  t.match(await run(['logout']), { code: 0 })
  t.notMatch(readFileSync(config, 'utf8'), key)
  t.match(await run(['status', id]), { code: 4 })
  t.match(await run(['status', id], { env: { GX4KI_TOKEN: key } }), { code: 0 })
  const reader = keys.add('alice', 'metrics:read')
  t.match(await run(['status', id], { env: { GX4KI_TOKEN: reader } }), { code: 4, stderr: /trace id/ })
})

await t.test('C10: a token goes to one origin, and is never printed', async (t) => {
  const thief = await httpServer(t, (_, response) => answerJson(response, 200, { jobs: [], next_cursor: null }))
  const api = await jobApi(t)
  const { run, folder } = gx4kiAt(t, api.url)
  const file = join(folder, 'token')
  writeFileSync(file, 'top-secret\r\n')
  for (const env of [{ GX4KI_TOKEN: 'top-secret' }, { GX4KI_TOKEN_FILE: file }] as Record<string, string>[]) {
    await run(['status', api.id], { env })
    t.equal(api.received.at(-1)!.headers.authorization, 'Bearer top-secret')
    await run(['list', '--url', thief.url], { env })
    t.notOk('authorization' in thief.received.at(-1)!.headers, '--url with another origin does not get it')
  }
  const env = { GX4KI_TOKEN: 'top-secret' }
  const redirects: [string, number][] = [[`${thief.url}/job`, 302], [`${thief.url}/job`, 307], ['/elsewhere', 308]]
  for (const [location, status] of redirects) {
    api.instead = ({ url }, response) => {
      if (url === '/elsewhere') return false
      response.writeHead(status, { location }).end()
      return true
    }
    for (const words of [['list'], ['run', 'drive'], ['cancel', api.id]]) {
      const { stdout, stderr, code } = await run([...words, '-v'], { env })
      t.notMatch(stdout + stderr, 'top-secret', words.join(' '))
      if (words[0] !== 'list') t.match({ code, stderr }, { code: 1, stderr: /redirects a (POST|DELETE) to / })
    }
  }
  t.ok(thief.received.every(({ method, headers }) => method === 'GET' && !('authorization' in headers)))

  api.instead = (_, response) => {
    response.socket!.end('HTTP/1.1 200 OK\r\nx: \0\r\n\r\n')
    return true
  }
  for (const words of [['list', '-v'], ['list', '--json']]) {
    const { code, stdout, stderr } = await run(words, { env })
    t.equal(code, 1)
    t.notMatch(stdout + stderr, 'top-secret', 'an answer that is not HTTP')
  }
  const bad = await run(['list', '-v'], { env: { GX4KI_TOKEN: 'top-secret\nX: y' } })
  t.match(bad, { code: 2, stderr: /GX4KI_TOKEN has no token/ })
  t.notMatch(bad.stderr, 'top-secret')
  const inUrl = await run(['list', '--url', 'http://user:top-secret@127.0.0.1'], { env })
  t.match(inUrl, { code: 2 })
  t.notMatch(inUrl.stderr, 'top-secret')
})

await t.test('no command line has a token, and a broken config is named without its content', async (t) => {
  const api = await jobApi(t)
  let hold = true
  api.instead = () => hold
  const { start, run, folder } = gx4kiAt(t, api.url)
  const running = start(['status', api.id], { env: { GX4KI_TOKEN: 'top-secret' } })
  await poll('it has asked', () => api.received.length > 0)
  t.notMatch(readFileSync(`/proc/${running.child.pid}/cmdline`, 'utf8'), 'top-secret')
  hold = false
  running.child.kill('SIGINT')
  t.match(await running.ended, { code: 130 })
  t.match(await run(['list', '--token', 'top-secret']), { code: 2, stderr: /^gx4ki: gx4ki list has no option --token\n/ })

  mkdirSync(join(folder, '.config/gx4ki'), { recursive: true })
  writeFileSync(join(folder, '.config/gx4ki/config.json'), '{"tokens": {"http://x": "top-secret"')
  const broken = await run(['list'])
  t.match(broken, { code: 2, stderr: /config\.json is not a file that gx4ki has written/ })
  t.notMatch(broken.stderr, 'top-secret')
})
