import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { apiKeyFolder } from '../support/api-keys.ts'
import { type ResultFile, testHost } from '../support/host.ts'
import { npmTools } from '../support/npm-tools.ts'
import { pythonWith } from '../support/python-with.ts'

const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'es2024',
  types: ['node'],
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true
}

const page = readFileSync('docs/api.md', 'utf8')
const keys = apiKeyFolder(t)
const key = keys.add('alice', 'jobs:read', 'jobs:write')
const { url } = await testHost(t, {
  '*': { ...keys.settings, TEMPLATES_DIR: 'knative/templates', DEFAULT_TEMPLATE: 'drive' }
})

await t.test('the TypeScript lines of docs/api.md run a job with a generated client', async (t) => {
  const { folder, run } = clientFolder('typescript', npmTools('test/api/tools'))
  const [config, program] = blocks('ts') as [string, string]
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }))
  writeFileSync(join(folder, 'openapi-ts.config.ts'), config)
  writeFileSync(join(folder, 'main.ts'), program)
  t.equal(linesOf(program), 10)

  await run('openapi-ts', '--no-log-file', '--silent')
  // It would be an error here if the type of a problem, or of an answer, were not known.
  await run('tsc', '-p', '.')
  await t.test('its files are those of the job', async (t) => await filesAre(t, folder, run('node', 'main.ts')))
  await t.test('a problem has its type', async (t) => {
    await failsWith(t, /urn:gx4ki:problem:unknown-template: /, run('node', 'main.ts', 'nothing'))
  })
})

await t.test('the Python lines of docs/api.md run a job with a generated client', async (t) => {
  const { folder, run } = clientFolder(
    'python',
    pythonWith('openapi-python-client', ['openapi-python-client==0.29.1'])
  )
  const [program] = blocks('python') as [string]
  const [generate = ''] = blocks('sh').flatMap((block) => /^openapi-python-client .*$/m.exec(block) ?? [])
  writeFileSync(join(folder, 'main.py'), program)
  t.equal(linesOf(program), 10)

  await run('sh', '-euc', generate)
  await t.test('its files are those of the job', async (t) => await filesAre(t, folder, run('python', 'main.py')))
  await t.test('a problem has its type', async (t) => {
    await failsWith(t, /^urn:gx4ki:problem:unknown-template: /, run('python', 'main.py', 'nothing'))
  })
  await t.test('a log is text', async (t) => {
    writeFileSync(join(folder, 'log.py'), [
      ...program.split('\n').filter((line) => /^(from|client)/.test(line)),
      'from gx4ki_jobs_client.api.jobs import list_jobs',
      'from gx4ki_jobs_client.api.results import get_log',
      '[job] = list_jobs.sync(client=client, limit=1).jobs',
      'print(get_log.sync(job.job_uuid, client=client))'
    ].join('\n'))
    const { stdout } = await run('python', 'log.py')
    t.match(stdout, /^drive 100 % /m)
  })
})

/** The code blocks of the page in one language. */
function blocks (language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, block]) => block!)
}

/** The number of lines that do something. */
function linesOf (program: string): number {
  return program.split('\n').filter((line) => line !== '' && !/^(import|from) /.test(line)).length
}

/** A new folder for a client, in this checkout, and what runs a program of the generator in it. */
function clientFolder (name: string, programs: string) {
  const folder = resolve('.local/clients', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const env = {
    ...process.env,
    PATH: `${programs}${delimiter}${process.env['PATH']}`,
    GX4KI_URL: url,
    GX4KI_TOKEN: key
  }
  const run = async (program: string, ...args: string[]) =>
    await promisify(execFile)(program, args, { cwd: folder, env })
  return { folder, run }
}

/** Checks that the program fails, with this on its standard error. */
async function failsWith (t: Test, words: RegExp, program: Promise<unknown>): Promise<void> {
  t.match(await program.catch((error: { stderr: string }) => error), { code: 1, stderr: words })
}

/** Checks that the program has brought every file of the newest job, byte for byte. */
async function filesAre (t: Test, folder: string, program: Promise<unknown>): Promise<void> {
  await program
  const get = async (path: string) =>
    await (await fetch(url + path, { headers: { authorization: `Bearer ${key}` } })).json()
  const { jobs: [job] } = await get('/job') as { jobs: { job_uuid: string, state: string }[] }
  t.equal(job!.state, 'succeeded')
  const { files } = await get(`/job/${job!.job_uuid}/result/list`) as { files: ResultFile[] }
  t.strictSame(files.map(({ name }) => name), ['drive.mcap', 'metadata.yaml', 'route.svg', 'summary.json'])
  for (const { name, sha256 } of files) {
    t.equal(createHash('sha256').update(readFileSync(join(folder, name))).digest('hex'), sha256, name)
  }
}
