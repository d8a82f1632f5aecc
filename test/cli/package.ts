import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import t from 'tap'
import { gx4kiAt } from '../support/run-gx4ki.ts'
import { jobApi } from '../support/job-api.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** The PATH of a caller, who does not have the Node.js of this project. */
const PATH = process.env['PATH']!.split(delimiter).filter((folder) => !folder.includes('node_modules')).join(delimiter)
const node = spawnSync('node', ['--version'], { env: { PATH }, encoding: 'utf8' })
const isNodeOld = Number(/^v(\d+)/.exec(node.stdout ?? '')?.[1] ?? 0) < 20

await t.test('npm pack makes a package that runs where nothing else is', {
  skip: isNodeOld && 'there is no Node.js 20 on the PATH, apart from that of this project'
}, async (t) => {
  const folder = temporaryFolder(t, { 'package.json': '{}' })
  // No script: the bundle is made, and other tests run it at the same time.
  const offline = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const npm = (...words: string[]): string =>
    execFileSync('npm', [...words, ...offline], { cwd: folder, env: { PATH, HOME: folder }, encoding: 'utf8' })
  const [{ filename, files }] = JSON.parse(npm('pack', '--json', resolve('cli')))
  t.strictSame(
    files.map(({ path }: { path: string }) => path).sort(),
    ['LICENSE', 'README.md', 'dist/gx4ki.cjs', 'package.json']
  )
  npm('install', `./${filename}`)
  t.strictSame(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.')), ['gx4ki'])

  const api = await jobApi(t, { 'a.log': Buffer.from('a log') })
  const env = { PATH, HOME: folder, GX4KI_URL: api.url }
  const run = async (...words: string[]): Promise<number | null> => await new Promise((resolve) => {
    spawn('node_modules/.bin/gx4ki', words, { cwd: folder, env, stdio: 'ignore' }).once('close', resolve)
  })
  t.equal(await run('run', 'drive', '-e', 'A=1', '--wait', '--download'), 0)
  t.equal(readFileSync(join(folder, api.id, 'a.log'), 'utf8'), 'a log')
  t.equal(await run('download', api.id), 0)
  t.equal(await run('status', 'nonsense'), 2)
})

await t.test('npx runs it from a clone', { skip: isNodeOld && 'see above' }, async (t) => {
  const { folder } = gx4kiAt(t, 'http://127.0.0.1:1')
  const { status, stdout, stderr } = spawnSync('npx', ['--offline', resolve('cli'), 'version'], {
    cwd: folder,
    env: { PATH, HOME: folder },
    encoding: 'utf8'
  })
  t.equal(status, 0, stderr)
  t.equal(stdout.trim(), JSON.parse(readFileSync('cli/package.json', 'utf8')).version)
})
