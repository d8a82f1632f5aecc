import t from 'tap'
import { broken, degraded, works } from '../../../knative/doctor/row.ts'
import { table } from '../../../knative/doctor/table.ts'

await t.test('the rows are in columns, with whole words, and are counted', async (t) => {
  const key = `results/${'x'.repeat(90)}`
  const lines = table([
    works('a check', 'fine'),
    degraded('another', `${'word '.repeat(30)}${key} and more`, 'make doctor FIX=1'),
    broken('c', 'it is not', 'kubectl apply')
  ]).split('\n')
  const [seen, mend] = [lines[0]!.indexOf('FINDING'), lines[0]!.indexOf('HOW TO FIX IT')]
  t.strictSame([lines[1]!.indexOf('fine'), lines[2]!.indexOf('word')], [seen, seen])
  t.strictSame([lines[2]!.indexOf('make doctor'), lines.at(-3)!.indexOf('kubectl')], [mend, mend])
  t.equal(lines[1], 'a check  works     fine')
  t.match(lines[2], /^another {2}degraded {2}word.* make doctor FIX=1$/)
  t.ok(lines.some((line) => line.endsWith(key)))
  t.match(lines.at(-3), /^c {8}broken {4}it is not {60,}kubectl apply$/)
  t.equal(lines.at(-1), '1 work, 1 degraded, 1 broken')
})
