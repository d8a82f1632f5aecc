import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { claimFolder } from '../../../knative/local/claim-folder.ts'

await t.test('a folder belongs to one process until it is given back', (t) => {
  const folder = join(t.testdir({}), 'a/b')
  const giveBack = claimFolder(folder)
  t.equal(statSync(folder).mode & 0o777, 0o700, 'jobs may write secrets there')
  t.throws(() => claimFolder(folder), {
    message: `the process ${process.pid}, another local host, uses the folder ${folder}: stop it, or choose another folder ` +
      'and another port: LOCAL_DATA=/tmp/other PORT=8081 make run'
  })
  giveBack()
  claimFolder(folder)()
  t.notOk(existsSync(join(folder, 'in-use-by')))
  t.end()
})

await t.test('a claim does not outlive its process, also where another process has its id by now', async (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'in-use-by')
  const child = spawn('true')
  await once(child, 'exit')
  for (const claim of [
    JSON.stringify({ pid: child.pid, since: 'Sat Nov 28 10:00:00 2026' }),
    JSON.stringify({ pid: process.pid, since: 'Sat Nov 28 10:00:00 2026' }),
    JSON.stringify({ pid: child.pid }),
    ''
  ]) {
    writeFileSync(file, claim)
    const giveBack = claimFolder(folder)
    t.match(JSON.parse(readFileSync(file, 'utf8')), { pid: process.pid }, claim)
    giveBack()
  }
})
