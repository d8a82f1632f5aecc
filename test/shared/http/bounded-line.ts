import t from 'tap'
import { boundedLine } from '../../../shared/http/bounded-line.ts'
import { shortened } from '../../../shared/http/shortened.ts'

await t.test('a long text is cut in the middle', (t) => {
  t.equal(shortened('abc', 3), 'abc')
  t.equal(shortened('abcdefghij', 7), 'abcde…j')
  for (let longest = 5; longest < 20; longest++) {
    const cut = shortened('🚗'.repeat(20), longest)
    t.ok(cut.length <= longest && cut.isWellFormed(), `${longest}: ${cut}`)
  }
  t.end()
})

await t.test('a log line is left as it is, or shortened and still JSON', (t) => {
  const line = '{"level":"info","n":1,"msg":"short"}\n'
  t.equal(boundedLine(line), line)
  const head = { level: 'error', time: '2026-01-02T03:04:05.000Z', function: 'deploy', trace_id: 'abc' }
  const long = 'x'.repeat(100_000)
  for (
    const more of [
      { msg: long },
      { msg: 'm', problem: { errors: Array.from({ length: 1000 }, (_, at) => ({ field: long, message: String(at) })) } },
      { msg: 'm', err: { stack: long, cause: { cause: { cause: { cause: { cause: { cause: { a: long } } } } } } } },
      { msg: 'm', ...Object.fromEntries(Array.from({ length: 30_000 }, (_, at) => [`${at}${'k'.repeat(200)}`, long.slice(0, 50)])) },
      { msg: 'm', ...Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`list ${at}`, Array(50).fill(Array(50).fill('y'.repeat(50)))])) }
    ]
  ) {
    const shorter = boundedLine(JSON.stringify({ ...head, ...more }) + '\n')
    t.ok(shorter.length <= 16_384, `${shorter.length}`)
    t.match(JSON.parse(shorter), { ...head, msg: /^[mx]/ })
    t.ok(shorter.endsWith('}\n'))
  }
  t.end()
})
