import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import t from 'tap'
import { ended } from '../support/ended.ts'
import { exampleHost } from '../support/example-host.ts'
import { callerOf } from '../support/host.ts'
import { httpServer } from '../support/http-server.ts'
import { answerProblem } from '../support/job-api.ts'
import { poll } from '../support/poll.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

await t.test('the programs and the template of examples/ run jobs', async (t) => {
  const host = await exampleHost(t)
  // As the API, with small pages, and unavailable at first.
  const troubled = await httpServer(t, async ({ method, url: path, headers, body }, response) => {
    if (troubled.received.length === 1) return answerProblem(response, 503, 'store-unavailable', { 'retry-after': '0' })
    const [whole, query = ''] = path.split('?')
    const answer = await fetch(`${host.url}${whole}?${query}${whole!.endsWith('/list') ? '&limit=2' : ''}`, {
      method,
      headers: headers as Record<string, string>,
      ...(body.length > 0 && { body: new Uint8Array(body) })
    })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
      .end(Buffer.from(await answer.arrayBuffer()))
  })

  for (
    const [program, ...words] of [
      ['python3', resolve('examples/clients/run_job.py')],
      [process.execPath, resolve('examples/clients/run-job.ts')]
    ] as const
  ) {
    await t.test(`${basename(words[0]!)} brings every file, and says why it fails`, async (t) => {
      const cwd = temporaryFolder(t, {})
      troubled.received.length = 0
      const run = async (more: string[], env = {}) =>
        await ended(spawn(program, [...words, ...more], { cwd, env: { ...host.env, ...env } }))
      t.match(await run(['drive', 'DURATION=5', 'SEED=7']), { code: 0 })
      await host.hasFiles(t, ['drive.mcap', 'metadata.yaml', 'route.svg', 'summary.json'], (id) => join(cwd, id))
      // A name in a folder, one that is not ASCII, a file without bytes, and a value with a line break.
      const script = 'mkdir sub; seq 9 > "sub/ä=&b"\n: > "+ %"; echo > c; echo > d; echo > e'
      t.match(await run(['script', `SCRIPT=${script}`], { GX4KI_URL: troubled.url }), { code: 0 })
      await host.hasFiles(t, ['+ %', 'c', 'd', 'e', 'sub/ä=&b'], (id) => join(cwd, id))
      const count = (path: RegExp): number => troubled.received.filter(({ url }) => path.test(url)).length
      t.strictSame([count(/deploy/), count(/list/)], [2, 3], 'a request is sent again, and a list has three pages')
      t.match(await run(['script', 'SCRIPT=echo half > half.txt; exit 3']), { code: 1, output: 'failed: The workload, container workload, ended with' })
      t.equal(readFileSync(join(cwd, (await host.newest()).job_uuid, 'half.txt'), 'utf8'), 'half\n')
      t.match(await run(['nothing']), { code: 1, output: 'urn:gx4ki:problem:unknown-template: ' })
      t.match(await run(['drive'], { GX4KI_TOKEN: 'wrong' }), { code: 1, output: 'urn:gx4ki:problem:unauthorized: ' })
    })
  }

  await t.test('examples/templates/swing.yaml makes a plot', async (t) => {
    const headers = { authorization: `Bearer ${host.token}`, 'content-type': 'application/json' }
    const { deploy } = callerOf(host)
    const id = await deploy({ template: 'swing', env: { ANGLE_DEG: '5', DURATION_S: '10' } }, headers)
    const job = await host.get<{ state: string, message: string | null }>(`/job/${id}`)
    t.ok(job.state !== 'failed', String(job.message))
    await poll('it has succeeded', async () => (await host.get<{ state: string }>(`/job/${id}`)).state === 'succeeded')
    const bytes = async (name: string) => await (await fetch(`${host.url}/job/${id}/result?file=${name}`, { headers })).text()
    const { period_s: period, largest_deg: largest } = JSON.parse(await bytes('summary.json'))
    // A pendulum of one metre, with a small angle: 2π√(1 / 9.81) s.
    t.ok(Math.abs(period - 2.006) < 0.01, `period ${period}`)
    t.ok(Math.abs(largest - 5) < 0.05, `largest angle ${largest}`)
    t.match(await bytes('swing.svg'), /^<svg [^]*<polyline points="40\.0,30\.0 [^]*<\/svg>$/)
    t.equal((await bytes('swing.csv')).trim().split('\r\n').length, 502)
    const { templates, refused } = await host.get<{ templates: { name: string, warnings: string[] }[], refused: object }>('/template')
    t.strictSame(templates.find(({ name }) => name === 'swing')?.warnings, [])
    t.notMatch(Object.keys(refused), ['swing.yaml'])
  })
})
