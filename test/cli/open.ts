import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { openInBrowser } from '../../cli/show/open-in-browser.ts'
import { newJobId } from '../../shared/job/job-id.ts'
import { routeOf } from '../../page/route.ts'
import { gx4kiHere } from '../support/gx4ki-here.ts'
import { gx4kiAt } from '../support/run-gx4ki.ts'

const url = 'https://jobs.example.org/sim'
const id = newJobId()

await t.test('open prints the address of a view of the page, and sends no request', async (t) => {
  const run = async (...words: string[]): ReturnType<typeof gx4kiHere> =>
    await gx4kiHere(['open', ...words], { GX4KI_URL: `${url}/` })
  t.strictSame(await run(id), { code: 0, stdout: `${url}/#/job/${id}\n`, stderr: '' })
  t.strictSame(await run(), { code: 0, stdout: `${url}/#/jobs\n`, stderr: '' })
  const { stdout } = await run('--json', id.toUpperCase())
  t.strictSame(JSON.parse(stdout), { url: `${url}/#/job/${id}` })
  t.strictSame(routeOf(new URL(JSON.parse(stdout).url).hash), { view: 'job', id })
  t.match(routeOf(new URL((await run()).stdout).hash), { view: 'jobs' })
  t.match(await run('x'), { code: 2, stdout: '', stderr: /not the id of a job/ })
})

await t.test('on a terminal, the opener of the system gets the address', async (t) => {
  const { folder, onTerminal } = gx4kiAt(t, url)
  const opened = join(folder, 'opened')
  for (const name of ['xdg-open', 'open']) {
    writeFileSync(join(folder, name), '#!/bin/sh\nprintf "%s\\n" "$@" > opened\nexit $OPENER_CODE\n')
    chmodSync(join(folder, name), 0o755)
  }
  const own = { PATH: `${folder}${delimiter}${process.env['PATH']}`, OPENER_CODE: '0' }
  const address = `${url}/#/job/${id}`
  for (const [words, env] of [[['--print'], {}], [['--json'], {}], [[], { CI: 'true' }]] as const) {
    t.equal((await onTerminal(['open', id, ...words], { ...own, ...env }).ended).code, 0)
    t.notOk(existsSync(opened), words.join(' '))
  }
  t.match(await onTerminal(['open', id], own).ended, { code: 0, stdout: `${address}\r\n` })
  t.equal(readFileSync(opened, 'utf8'), `${address}\n`)
  t.match(await onTerminal(['open', id], { ...own, OPENER_CODE: '3' }).ended, {
    code: 0,
    stdout: new RegExp(`^${address}\r\nNo browser was opened: \\S+ failed\r\n$`)
  })
})

t.match(await openInBrowser(url, { PATH: '/nonexistent' }), /ENOENT/, 'a system without an opener')
