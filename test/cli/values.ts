import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { jobApi } from '../support/job-api.ts'
import { gx4kiHere } from '../support/gx4ki-here.ts'
import { gx4kiAt } from '../support/run-gx4ki.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

await t.test('values come from options, files and the environment, in this order', async (t) => {
  const api = await jobApi(t)
  const { run, folder } = gx4kiAt(t, api.url)
  writeFileSync(join(folder, 'one.env'), 'A=one\nB="one # b"\nC=one\nD=one\n')
  writeFileSync(join(folder, 'two.env'), "export B='two'\nC=two\n")
  writeFileSync(join(folder, 'key.pem'), '-----BEGIN\nabc\n')
  const words = ['run', 'drive', '--dotenv', 'one.env', '--dotenv', 'two.env', '--value-file', 'C=key.pem', '-e', 'D', '-e', 'E=a=b ', '--env=F=']
  const { code, stderr } = await run(words, { env: { D: 'of the environment' } })
  t.equal(code, 0, stderr)
  t.strictSame(JSON.parse(api.received[0]!.body.toString()), {
    template: 'drive',
    env: { A: 'one', B: 'two', C: '-----BEGIN\nabc\n', D: 'of the environment', E: 'a=b ', F: '' }
  })

  await run(['run', '--dotenv', '-', '--queue', 'q', '--callback', 'https://x.example', '--callback-on', 'failed', '--callback-on', 'lost'], { input: '\uFEFFA=1\r\n' })
  t.strictSame(JSON.parse(api.received[1]!.body.toString()), {
    env: { A: '1' },
    queue: 'q',
    callback: { url: 'https://x.example', events: ['failed', 'lost'] }
  }, 'without a name, the server takes its default template')

  const latin1 = await run(['run', '--dotenv', '-'], { input: Buffer.from('A=1\nB=f\xfcnf\n', 'latin1') })
  t.match(latin1, { code: 2, stderr: /stdin is not UTF-8 text: byte 8, in line 2/ })

  writeFileSync(join(folder, '.env'), 'A=never\n')
  await run(['run', 'drive'])
  t.strictSame(JSON.parse(api.received[2]!.body.toString()).env, {}, './.env is never read by itself')
})

await t.test('C7: what cannot be read is named with its line, and nothing is sent', async (t) => {
  const run = gx4kiHere
  const folder = temporaryFolder(t, {})
  const file = (name: string): string => join(folder, name)
  writeFileSync(join(folder, 'bad.env'), 'A=1\nB=2\nC: hunter2\n\n2D=hunter2\n')
  writeFileSync(join(folder, 'latin1.env'), Buffer.from('A=f\xfcnf\n', 'latin1'))
  const bad = await run(['run', 'drive', '--dotenv', file('bad.env')])
  t.match(bad, { code: 2, stdout: '' })
  t.match(bad.stderr, /bad\.env:3 must have the form NAME=value\n.*bad\.env:5 must begin with a name/s)
  t.notMatch(bad.stderr, 'hunter2', 'a value may be a secret')
  const document = JSON.parse((await run(['run', 'drive', '--dotenv', file('bad.env'), '--json'])).stderr)
  t.match(document, { exit_code: 2, errors: [{ field: file('bad.env:3') }, { field: file('bad.env:5') }] })

  const wrong: [string[], RegExp][] = [
    [['--dotenv', file('latin1.env')], /latin1\.env is not UTF-8 text: byte 4, in line 1/],
    [['--dotenv', 'missing.env'], /missing\.env cannot be read/],
    [['-e', 'NOT_THERE'], /there is no such variable in the environment/],
    [['-e', '1=hunter2'], /--env must begin with a name/],
    [['--value-file', 'A'], /must have the form NAME=file/],
    [['--timeout', '5 minutes'], /--timeout must be a time such as 90s/],
    [['--timeout', '0s'], /--timeout must be a time/],
    [['--callback-on', 'failed'], /need --callback/],
    [['a', 'b'], /takes at most 1/],
    [['--evn', 'A=hunter2'], /has no option --evn\n {2}did you mean --env\?/],
    [['--env'], /--env needs a value/],
    [['--env', '--wait'], /--env needs a value/],
    [['--wait=yes'], /--wait has no value/],
    [['--queue', 'a', '--queue', 'b'], /--queue is given twice/]
  ]
  for (const [words, expected] of wrong) {
    const { code, stdout, stderr } = await run(['run', 'drive', ...words])
    t.strictSame([code, stdout], [2, ''], words.join(' '))
    t.match(stderr, expected)
    t.notMatch(stderr, 'hunter2')
  }
  t.match(await run(['status', 'not-an-id']), { code: 2, stderr: /is not the id of a job/ })
  t.match(await run(['status', '@last']), { code: 2, stderr: /no job was started here/ })
  t.match(await run(['statsu']), { code: 2, stderr: /did you mean status\?/ })
  t.match(await run([]), { code: 2, stdout: '', stderr: /^Runs jobs/ })
  for (const url of ['ftp://x', 'nonsense', 'http://x?y', 'http://x#y']) {
    t.match(await run(['list', '--url', url]), { code: 2, stderr: /--url must/ })
  }
})
