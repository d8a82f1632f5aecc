import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import t from 'tap'
import { referencePage } from '../../cli/arguments/reference-page.ts'
import { commands } from '../../cli/commands/table.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { gx4kiHere } from '../support/gx4ki-here.ts'
import { GX4KI } from '../support/run-gx4ki.ts'

await t.test('C12: the help of every command has its example first, fits on 80 columns and sends no request', async (t) => {
  const run = gx4kiHere
  t.ok(commands.length >= 15)
  for (const { name, examples, options = [] } of commands) {
    const { code, stdout, stderr } = await run([name, '--help'])
    t.strictSame([code, stderr], [0, ''])
    t.ok(stdout.startsWith(`Example:\n  ${examples[0]}\n`), name)
    for (const { name } of options) t.match(stdout, `--${name}`)
    t.strictSame(stdout.split('\n').filter((line) => line.length > 80), [], `${name}: no line is too long`)
    t.equal((await run(['help', name])).stdout, stdout)
  }
  for (const words of [['help'], ['--help'], ['help', 'exit-codes'], ['help', 'settings'], ['version'], ['--version']]) {
    const { code, stdout } = await run(words)
    t.equal(code, 0)
    t.strictSame(stdout.split('\n').filter((line) => line.length > 80), [], words.join(' '))
  }
  t.strictSame(JSON.parse((await run(['version', '--json'])).stdout), {
    version: JSON.parse(readFileSync('cli/package.json', 'utf8')).version,
    node: process.version
  })
  t.match(JSON.parse((await run(['help', '--json'])).stdout), { help: /^Runs jobs/ })
})

t.equal(
  readFileSync('docs/cli.md', 'utf8'),
  referencePage(commands),
  'docs/cli.md is made from the table of commands: node cli/write-reference.ts'
)

await t.test('C13: a small bundle that needs no package, and loads little to show help', async (t) => {
  const manifest = JSON.parse(readFileSync('cli/package.json', 'utf8'))
  t.strictSame(Object.keys(manifest).filter((key) => /dependencies/i.test(key)), [])
  t.ok(statSync(GX4KI).size < 100_000, `${statSync(GX4KI).size} bytes`)
  const folder = temporaryFolder(t, {
    'probe.cjs': "process.on('exit', () => console.error(JSON.stringify(process.moduleLoadList)))"
  })
  const { stderr } = spawnSync(process.execPath, ['--require', `${folder}/probe.cjs`, GX4KI, 'version'], { encoding: 'utf8' })
  const loaded = JSON.parse(stderr) as string[]
  t.ok(loaded.includes('NativeModule util'), 'modules are found')
  const heavy = /undici|NativeModule (http|https|http2|tls)$/
  t.strictSame(loaded.filter((name) => heavy.test(name)), [])
})

await t.test('C14: the completion of each shell is valid, and completes', async (t) => {
  const run = gx4kiHere
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await run(['completion', shell])
    t.equal(code, 0)
    for (const { name } of commands) t.match(stdout, name, `${shell}: ${name}`)
    if (spawnSync(shell, ['-c', 'true']).status !== 0) continue
    const { status, stderr } = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' })
    t.strictSame([status, stderr], [0, ''], shell)
  }
  const script = (await run(['completion', 'bash'])).stdout
  const complete = (...words: string[]): string[] => {
    const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _gx4ki; echo "\${COMPREPLY[@]}"`
    const { stdout } = spawnSync('bash', ['-c', `${script}\n${line}`], { encoding: 'utf8' })
    return stdout.trim().split(' ')
  }
  t.strictSame(complete('gx4ki', 'lo'), ['logs', 'login', 'logout'])
  t.strictSame(complete('gx4ki', 'list', '--st'), ['--state'])
  t.strictSame(complete('gx4ki', 'list', '--state', 'su'), ['succeeded'])
  t.strictSame(complete('gx4ki', 'completion', ''), ['bash', 'zsh', 'fish', ...complete('gx4ki', 'logout', '')])
})
