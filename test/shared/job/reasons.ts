import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { kubernetesReasons } from '../../../shared/job/reasons/kubernetes-reasons.ts'
import { ownReasons } from '../../../shared/job/reasons/own-reasons.ts'
import { asGiven, meanings, plainly, why } from '../../../shared/job/reasons/why.ts'

const page = readFileSync('docs/reasons.md', 'utf8')
const code = globSync(['functions/**/*.ts', 'shared/job/{*,callbacks/*,transfers/*}.ts']).map((file) => readFileSync(file, 'utf8')).join('\n')

await t.test('docs/reasons.md has the table of all reasons', async (t) => {
  const rows = [...meanings].sort(([a], [b]) => a < b ? -1 : 1).map(([reason, { states, means, todo }]) =>
    `| \`${reason}\` | ${states.join(', ')} | ${means} | ${todo || '–'} |`
  )
  t.strictSame(page.split('\n').filter((line) => line.startsWith('| `')), rows)
})

await t.test('a reason is one CamelCase word, and what it means and what to do are sentences', async (t) => {
  for (const [reason, { states, means, todo }] of meanings) {
    t.match(reason, /^[A-Z][A-Za-z]+$/)
    t.not(states.length, 0, reason)
    t.match(means, /^[A-Z].*\.$/, reason)
    t.match(todo, /^([A-Z].*\.)?$/, reason)
  }
  t.strictSame(Object.keys(kubernetesReasons).filter((reason) => Object.hasOwn(ownReasons, reason)), [])
})

await t.test('the code gives every reason that is called its own', async (t) => {
  for (const reason of Object.keys(ownReasons)) t.match(code, `'${reason}'`, reason)
})

await t.test('a message has what happened, and what to do as in the table', async (t) => {
  t.same(why('OOMKilled', 'It was killed.'), {
    reason: 'OOMKilled',
    message: 'It was killed. Raise resources.limits.memory in the template, or let the program use less.'
  })
  t.same(why('OOMKilled', 'It was killed.', ''), { reason: 'OOMKilled', message: 'It was killed.' })
  t.same(why(asGiven('FromTheFuture'), 'It is new.'), { reason: 'FromTheFuture', message: 'It is new.' })
  t.same(why(asGiven('constructor'), ''), { reason: 'constructor', message: '' })
  t.same(plainly('CancelRequested'), { reason: 'CancelRequested', message: 'A request canceled the job.' })
})
