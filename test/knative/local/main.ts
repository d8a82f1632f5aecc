import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { httpServer } from '../../support/http-server.ts'
import type { Job } from '../../support/host.ts'
import { jobTemplates } from '../../support/job-templates.ts'
import { poll } from '../../support/poll.ts'
import { runProgram } from '../../support/run-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

await t.test('make run prints its address and commands to try, and Ctrl-C ends all its processes', async (t) => {
  const { folder, child, exit } = runProgram(t, 'main', { PORT: '0' })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  const url = await poll('the local host is ready', () => /^The local host is ready at (http:\S+)/m.exec(out)?.[1])
  t.match(out, `curl -s ${url}/job/deploy`)
  t.equal((await fetch(`${url}/template`)).status, 200)
  t.equal((await fetch(`${url}/openapi.json`)).status, 200)
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

await t.test('make run has its jobs and files again after a restart, and a job whose processes ended is lost', async (t) => {
  const kept = temporaryFolder(t, {})
  // A store of its own, which keeps its data in the same folder.
  const env = { PORT: '0', LOCAL_DATA: kept, S3_ENDPOINT: '', S3_ACCESS_KEY: '', S3_SECRET_KEY: '', S3_BUCKET: 'jobs' }
  const templates = jobTemplates()
  const start = (
    title: string,
    signal: NodeJS.Signals,
    steps: (t: Test, url: string) => Promise<void>
  ) => t.test(title, async (t) => {
    const { child, exit } = runProgram(t, 'main', { ...env, TEMPLATES_DIR: templates, DEFAULT_TEMPLATE: 'script' })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { out += chunk })
    const url = await poll('the local host is ready', () => /^The local host is ready at (http:\S+)/m.exec(out)?.[1], 60)
    t.match(out, 'start; `make clean` removes them')
    await steps(t, url)
    if (!t.passing()) console.error(out)
    child.kill(signal)
    await exit
  })
  const deploy = async (url: string, SCRIPT: string): Promise<string> => {
    const response = await fetch(`${url}/job/deploy`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ env: { SCRIPT } })
    })
    return (await response.json() as { job_uuid: string }).job_uuid
  }
  const job = async (url: string, id: string) => await (await fetch(`${url}/job/${id}`)).json() as Job
  const processes = (): string[] => execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n')
    .filter((line) => line.includes(kept) || line.includes('sleep 98765'))
  let done = ''
  const broken: string[] = []

  await start('a first run, which ends by Ctrl-C', 'SIGINT', async (_, url) => {
    done = await deploy(url, 'echo data > a.txt; echo words')
    broken.push(await deploy(url, 'sleep 98765'))
    await poll('one job has ended, and one runs', async () =>
      (await job(url, done)).state === 'succeeded' && (await job(url, broken[0]!)).state === 'running')
  })
  t.strictSame(processes(), [], 'no process is left')

  await start('a second run, which is killed', 'SIGKILL', async (t, url) => {
    const message = /^The Job is gone before its end was seen.*this local host was started at .*, without the Jobs of before/
    t.match(await job(url, broken[0]!), { state: 'lost', message }, 'at once, not with the next ping of the minute')
    t.equal((await job(url, done)).state, 'succeeded')
    t.equal(await (await fetch(`${url}/job/${done}/result?file=a.txt`)).text(), 'data\n')
    t.equal(await (await fetch(`${url}/job/${done}/log`)).text(), 'words\n')
    t.equal((await (await fetch(`${url}/job`)).json() as { jobs: Job[] }).jobs.length, 2)

    await t.test('another run at the same time says who has the folder', async (t) => {
      const { child, exit } = runProgram(t, 'main', env)
      t.match(await text(child.stderr), /^the process \d+, another local host, uses the folder .*: stop it, or choose another/)
      t.equal(await exit, 1)
    })

    broken.push(await deploy(url, 'sleep 98765'))
    await poll('the job runs', async () => (await job(url, broken[1]!)).state === 'running')
  })

  await start('a third run', 'SIGINT', async (t, url) => {
    t.equal(processes().filter((line) => line.includes('98765')).length, 0, 'what a killed host has left was ended')
    t.match(await job(url, broken[1]!), { state: 'lost', message: /\w/ })
    t.equal((await job(url, done)).state, 'succeeded')
    const again = await deploy(url, 'echo again > a.txt')
    await poll('a new job has ended', async () => (await job(url, again)).state === 'succeeded')
  })
  t.strictSame(processes(), [])
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
