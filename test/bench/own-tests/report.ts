import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { judge } from '../judge.ts'
import { chartOf } from '../report/chart.ts'
import { figure, tableOf } from '../report/table.ts'
import { rows } from '../rows/all.ts'

await t.test('figures have three digits at most', async (t) => {
  t.strictSame([0.1234, 1.234, 12.34, 123.4, 4006, 1234567].map((value) => figure(value)), [
    '0.12',
    '1.23',
    '12.3',
    '123',
    '4,006',
    '1,234,567'
  ])
  t.equal(figure(17.25, 'MB'), '17.3 MB')
})

await t.test('a table has a line for each figure, with its targets', async (t) => {
  const line = judge({ what: 'time', figure: 'wall', reach: 2 }, [{ product: { wall: 3 } }])
  t.equal(tableOf([line]).split('\n').at(-1), '| time | 3 | **3** | 3 | ≤ 2 | – | not reached |')
})

await t.test('a chart shows the lines that have a target', async (t) => {
  const rounds = [{ product: { wall: 3 } }]
  const with1 = judge({ what: 'time < that', figure: 'wall', reach: 2, then: 1 }, rounds)
  const without = judge({ what: 'other', figure: 'wall' }, rounds)
  t.match(chartOf('a title', [with1, without]), /class="bad".*\n.*\n?.*time &lt; that: 3/)
  t.equal(chartOf('a title', [without]), undefined)
})

await t.test('each row has a name of its own', async (t) => {
  t.equal(new Set(rows.map(({ name }) => name)).size, rows.length)
})

await t.test('docs/scale.md has the counts of the baseline', async (t) => {
  const baseline = JSON.parse(readFileSync(join(import.meta.dirname, '../baseline.json'), 'utf8')) as Record<string, number>
  const page = readFileSync('docs/scale.md', 'utf8')
  const lines = [...page.matchAll(/^\| (.+): requests to the (store|API server) \| ([\d,]+) \|/gm)]
  t.ok(lines.length > 5, 'there are such lines')
  for (const [, what, to, count] of lines) {
    t.equal(Number(count!.replaceAll(',', '')), baseline[`${what}: requests to the ${to}`], `${what}, ${to}`)
  }
})
