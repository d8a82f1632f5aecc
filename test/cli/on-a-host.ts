import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { atMost } from '../../shared/flow/at-most.ts'
import { testHost } from '../support/host.ts'
import { poll } from '../support/poll.ts'
import { gx4kiAt } from '../support/run-gx4ki.ts'

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const SLEEP = 'SCRIPT=echo begun > begun; sleep 60'

await t.test('gx4ki with real functions, jobs and a store', async (t) => {
  const host = await testHost(t)
  const { run, start, onTerminal, folder } = gx4kiAt(t, host.url)

  await t.test('C1: run prints the id and nothing else; the other commands show the job', async (t) => {
    const began = await run(['run', 'script', '-e', 'SCRIPT=echo a line; echo another; mkdir sub; printf x > "sub/a b"; printf y > y'])
    t.equal(began.code, 0, began.stderr)
    const id = began.stdout.replace(/\n$/, '')
    t.match(id, ID)
    const waited = await run(['wait', '@last'])
    t.match(waited, { code: 0, stdout: '', stderr: /✓ succeeded in \d+s/ })
    t.match(await run(['status', id]), { code: 0, stdout: new RegExp(`^Job: +${id}\\nState: +✓ succeeded`), stderr: '' })
    t.match(await run(['logs', '-f', id]), { code: 0, stdout: 'a line\nanother\n', stderr: '' })
    t.match(await run(['logs', id, '--tail', '1']), { code: 0, stdout: 'another\n' })
    t.match(await run(['files', id]), { code: 0, stdout: /^1\t[0-9a-f]{64}\t\S+\tsub\/a b\n1\t[0-9a-f]{64}\t\S+\ty\n$/ })
    t.match(await run(['list', '--template', 'script']), { code: 0, stdout: new RegExp(`^${id}\tsucceeded\tscript\t`, 'm') })
    t.match(await run(['download', id]), { code: 0, stdout: '', stderr: /2 of 2 files/ })
    t.equal(readFileSync(join(folder, id, 'sub/a b'), 'utf8'), 'x')
    const kept = await run(['keep', id, '--for', '90d'])
    t.equal(kept.stdout.trim(), (await host.job(id)).expires_at)

    await t.test('C4: no output that is piped has an escape', async (t) => {
      for (const words of [['status', id], ['list'], ['wait', id], ['files', id], ['templates', 'script']]) {
        const { stdout, stderr } = await run(words)
        t.notMatch(stdout + stderr, '\u001b', words.join(' '))
      }
    })

    await t.test('C8: every command that asks the server prints one JSON document', async (t) => {
      const asked = [
        ['status', id], ['list'], ['list', '--limit', '1'], ['wait', id], ['logs', id], ['files', id], ['download', id],
        ['cancel', id], ['rerun', id, '--without-secrets', '--wait'], ['templates'], ['templates', 'script'],
        ['templates', 'script', '--schema'], ['templates', 'script', '--env-example'], ['keep', id, '--for', '91d'],
        ['callbacks', id], ['login', host.url], ['logout'], ['run', 'script', '--dry-run'], ['run', 'script'],
        ['run', 'script', '--wait', '--download']
      ]
      const slot = atMost(4)
      await Promise.all(asked.map((words) => slot(async () => {
        const { code, stdout, stderr } = await run([...words, '--json'])
        t.strictSame([code, stderr, stdout.split('\n').length], [0, '', 2], words.join(' '))
        t.type(JSON.parse(stdout), Object, words.join(' '))
      })))
    })
  })

  await t.test('C9: logs -f prints the lines as they come, and ends with the job', async (t) => {
    const begun = await run(['run', 'script', '-e', 'SCRIPT=echo one; echo two; exec sleep 60'])
    const id = begun.stdout.trim()
    // A tail of a log that has not begun would be all that comes.
    await poll('it has written', async () => (await run(['logs', id])).stdout === 'one\ntwo\n')
    const [whole, tail] = [start(['logs', '-f', id]), start(['logs', '-f', '--tail', '1', id])]
    await poll('both have the lines so far', () => whole.stdout() === 'one\ntwo\n' && tail.stdout() === 'two\n')
    t.equal((await host.job(id)).state, 'running')
    t.match(await run(['logs', id]), { code: 0, stdout: 'one\ntwo\n', stderr: '' })
    await run(['cancel', id])
    t.match(await whole.ended, { code: 0, stdout: /^one\ntwo\n/, stderr: '' })
    t.match(await tail.ended, { code: 0, stdout: /^two\n/, stderr: '' })
    t.match(await run(['logs', '-f', id]), { code: 0, stdout: /^one\ntwo\n/, stderr: '' }, 'also when it has ended')
  })

  await t.test('C2: a job that fails gives 5, says why and shows the end of its log; its results come', async (t) => {
    const { code, stdout, stderr } = await run([
      'run', 'script', '-e', 'SCRIPT=echo half > result.txt; for i in $(seq 30); do echo line $i; done; exit 3', '--download', '-d', 'failed'
    ])
    t.equal(code, 5, stderr)
    t.match(stdout, /^\S{36}\n$/)
    t.match(stderr, /✕ failed/)
    t.match(stderr, /The workload ended with exit code 3\./)
    t.match(stderr, /line 11\n.*line 30\n/s)
    t.notMatch(stderr, /line 10\n/)
    t.equal(readFileSync(join(folder, 'failed/result.txt'), 'utf8'), 'half\n')
  })

  await t.test('C2: wrong values give 2 and name their places; what is not there gives 3', async (t) => {
    const file = join(folder, 'wrong.env')
    writeFileSync(file, '# a file\nNOTHING=1\n')
    const refused = await run(['run', 'script', '--dotenv', file, '-e', 'NOR_THIS=2'])
    t.match(refused, { code: 2, stdout: '', stderr: `env.NOTHING is not among the variables of the template script (${file}:2)` })
    t.match(refused.stderr, 'env.NOR_THIS is not among the variables of the template script (--env NOR_THIS)')
    t.match(refused.stderr, /^gx4ki: env\.\w+ .*\n {2}env\.\w+ .*\n {2}\(invalid-request/, 'each error is said once')
    t.match(refused.stderr, /trace id [0-9a-f]{32}/)
    t.match(await run(['run', 'scirpt']), { code: 2, stderr: /template must be one of: / })
    t.match(await run(['templates', 'scrip']), { code: 2, stderr: /did you mean script\?/ })
    const unknown = 'fe5dfa65-8d04-8041-ad00-881625d25b4f'
    for (const command of ['status', 'wait', 'logs', 'files', 'download', 'cancel', 'callbacks', 'rerun']) {
      t.match(await run([command, unknown]), { code: 3, stdout: '', stderr: /There is no job/ }, command)
    }
    const problem = await run(['status', unknown, '--json'])
    t.match(JSON.parse(problem.stderr), { type: 'urn:gx4ki:problem:unknown-job', exit_code: 3, status: 404, job_uuid: unknown })
  })

  await t.test('C3: Ctrl-C detaches, --cancel-on-interrupt cancels, --timeout gives 8', async (t) => {
    const timed = await run(['run', 'script', '-e', SLEEP, '--wait', '--timeout', '1s'])
    t.match(timed, { code: 8, stderr: /has not ended after 1s; it goes on/ })
    const id = timed.stdout.trim()
    await host.reaches(id, 'running')
    t.match(await run(['wait', id, '--timeout', '1s']), { code: 8, stderr: /has not ended after 1s; it goes on/ })
    t.match(await run(['logs', id]), { code: 0, stdout: '', stderr: '' }, 'the log so far is empty')
    t.match(await run(['download', id]), { code: 8, stderr: /--so-far/ })

    for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
      const waiting = start(['wait', id])
      await poll('it waits', () => waiting.stderr().includes('running'))
      waiting.child.kill(signal)
      t.match(await waiting.ended, { code, stderr: `gx4ki cancel ${id} stops it` })
    }
    t.equal((await host.job(id)).state, 'running', 'the job goes on')

    const watched = start(['wait', id, '--cancel-on-interrupt'])
    await poll('it waits', () => watched.stderr().includes('running'))
    watched.child.kill('SIGINT')
    t.match(await watched.ended, { code: 130, stderr: `canceled: ${id}` })
    await host.reaches(id, 'canceled')
    t.match(await run(['wait', id]), { code: 6 })
    t.match(await run(['cancel', id]), { code: 0, stderr: /has ended: canceled/ })
  })

  await t.test('rerun takes the variables of the job, and asks for secret ones again', async (t) => {
    const first = await run(['run', 'script', '-e', 'SCRIPT=printf "%s" "$PASSWORD"', '-e', 'PASSWORD'], { env: { PASSWORD: 'one' } })
    const id = first.stdout.trim()
    const refused = await run(['rerun', id])
    t.match(refused, { code: 2, stdout: '', stderr: /secret variables, which are never shown, so not copied: PASSWORD/ })
    const again = await run(['rerun', id, '-e', 'PASSWORD', '--wait'], { env: { PASSWORD: 'two' } })
    t.equal(again.code, 0, again.stderr)
    t.not(again.stdout.trim(), id)
    t.equal(await host.jobLog(again.stdout.trim()), 'two')
    t.match(await host.job(again.stdout.trim()), { template: 'script', env: { SCRIPT: 'printf "%s" "$PASSWORD"' } })
  })

  await t.test('on a terminal, one line shows how it goes, and a log cannot control the terminal', async (t) => {
    const running = onTerminal(['run', 'script', '-e', 'SCRIPT=printf "red \\033[31mred\\033[0m \\033]0;title\\007 end\\n"; sleep 1', '--wait'])
    const { code, stdout } = await running.ended
    t.equal(code, 0, stdout)
    t.match(stdout, /\r.*(running|pending|accepted).*\d+s/)
    t.match(stdout, '\u001b[32m✓ succeeded\u001b[0m in ')
    const plain = await onTerminal(['status', '@last'], { NO_COLOR: '1' }).ended
    t.match(plain, { code: 0, stdout: /✓ succeeded/ })
    t.notMatch(plain.stdout, '\u001b', 'NO_COLOR is respected')
    const log = await onTerminal(['logs', '@last']).ended
    t.equal(log.stdout, 'red \u001b[31mred\u001b[0m \\x1b]0;title\\x07 end\r\n\u001b[0m', 'and no colour lasts')
    t.equal(log.stdout, (await onTerminal(['logs', '-f', '@last']).ended).stdout)
    t.equal((await run(['logs', '@last'])).stdout, 'red \u001b[31mred\u001b[0m \u001b]0;title\u0007 end\n', 'a pipe gets the bytes')
  })

  await t.test('on a terminal, the line shows the progress that the job reports', async (t) => {
    const reporting = onTerminal(['run', 'script', '-e', 'SCRIPT=echo 42 half way > .gx4ki-progress; exec sleep 60', '--wait'])
    await poll('the progress is shown', () => /\r.*running.*42 %, half way/.test(reporting.stdout()))
    t.match(await run(['status', '@last']), { stdout: /^Progress: +42 %, half way$/m })
    await run(['cancel', '@last'])
    t.match(await reporting.ended, { code: 6 })
  })
})
