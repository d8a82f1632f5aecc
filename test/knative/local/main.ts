import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { httpServer } from '../../support/http-server.ts'
import { poll } from '../../support/poll.ts'
import { runProgram } from '../../support/run-program.ts'

await t.test('make run prints its address and commands to try, and Ctrl-C ends all its processes', async (t) => {
  const { folder, child, exit } = runProgram(t, 'main', { PORT: '0' })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  const url = await poll('the local host is ready', () => /^The local host is ready at (http:\S+)/m.exec(out)?.[1])
  t.match(out, `curl -s ${url}/job/deploy`)
  t.equal((await fetch(`${url}/template`)).status, 200)
  t.equal((await fetch(`${url}/openapi/result-fetch.json`)).status, 200)
  await t.test('the commands in the README work', {
    skip: spawnSync('curl', ['--version']).status !== 0 && 'curl is not on this machine'
  }, async (t) => {
    const [, block] = /```sh\nmake run.*\n(JOB=[^]*?)```/.exec(readFileSync('README.md', 'utf8'))!
    const [ask, ...lines] = block!.replaceAll('http://127.0.0.1:8080', url).trim().split('\n')
    const run = (script: string): string => execFileSync('bash', ['-euc', script], { cwd: folder, encoding: 'utf8' })
    const id = run(`${ask}\necho "$JOB"`).trim()
    await poll(
      'the job has ended',
      async () => (await (await fetch(`${url}/job/${id}`)).json() as { state: string }).state === 'succeeded'
    )
    const out = run([`JOB=${id}`, ...lines].join('\necho\n'))
    t.match(out, `"job_uuid":"${id}"`)
    const drive = createHash('sha256').update(readFileSync(join(folder, 'drive.mcap'))).digest('hex')
    t.match(out, `"sha256":"${drive}"`)
  })
  child.kill('SIGINT')
  t.equal(await exit, 0)
  await t.rejects(fetch(url))
  t.strictSame(readdirSync(join(folder, 'tmp')), [])
})

await t.test('a port in use and an invalid port give one line each', async (t) => {
  const { port } = new URL((await httpServer(t)).url)
  const lines = {
    http: 'PORT must be a number from 0 to 65535, not http\n',
    [port]: `port ${port} is in use; choose another port: PORT=${Number(port) + 1} make run\n`
  }
  for (const [PORT, line] of Object.entries(lines)) {
    const { child, exit } = runProgram(t, 'main', { PORT })
    t.equal(await text(child.stderr), line)
    t.equal(await exit, 1)
  }
})
