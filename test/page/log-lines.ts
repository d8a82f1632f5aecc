import t from 'tap'
import { BLOCK, linesOf, LONGEST_LINE, MOST_CHARS, MOST_LINES, NO_LINES, withLines, withNote } from '../../page/log/log-lines.ts'
import { withoutAnsi } from '../../page/log/without-ansi.ts'

const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `line ${from + i}`)
const textOf = ({ blocks }: typeof NO_LINES): string => blocks.map(({ text }) => text).join('\n')

await t.test('lines are kept in blocks, whatever the pieces in which they come', async (t) => {
  const all = numbered(0, 2 * BLOCK + 7)
  for (const step of [1, 13, BLOCK, 3 * BLOCK]) {
    let log = NO_LINES
    for (let at = 0; at < all.length; at += step) log = withLines(log, all.slice(at, at + step))
    t.equal(textOf(log), all.join('\n'))
    t.strictSame(
      log.blocks.map(({ first, lines }) => [first, lines]),
      [[1, BLOCK], [BLOCK + 1, BLOCK], [2 * BLOCK + 1, 7]]
    )
    t.equal(log.count, all.length)
  }
})

await t.test('a full block stays the same object, so that it is not drawn again', async (t) => {
  const before = withLines(NO_LINES, numbered(0, BLOCK + 1))
  const after = withLines(before, ['more'])
  t.equal(after.blocks[0], before.blocks[0])
  t.not(after.blocks[1], before.blocks[1])
  t.equal(before.blocks[1]!.lines, 1, 'the earlier log has not changed')
})

await t.test('of a log that is too long, the last lines are shown', async (t) => {
  const log = withLines(withLines(NO_LINES, numbered(0, MOST_LINES)), numbered(MOST_LINES, MOST_LINES + 1))
  t.equal(log.leftOut, BLOCK)
  t.equal(log.count + log.leftOut, MOST_LINES + 1)
  t.equal(log.blocks[0]!.first, BLOCK + 1)
  t.ok(textOf(log).startsWith(`line ${BLOCK}\n`))
})

await t.test('a line that comes in parts is one line', async (t) => {
  let log = withLines(NO_LINES, [...numbered(0, BLOCK - 1), 'be'], true)
  log = withLines(log, [], true)
  log = withLines(log, ['gi'], true)
  t.strictSame([log.count, textOf(log).split('\n').at(-1)], [BLOCK, 'begi'])
  log = withLines(log, ['n', 'next', 'x'], true)
  t.strictSame(textOf(log).split('\n').slice(BLOCK - 1), ['begin', 'next', 'x'])
  t.strictSame(log.blocks.map(({ first, lines }) => [first, lines]), [[1, BLOCK], [BLOCK + 1, 2]])
  t.equal(textOf(withLines(withLines(NO_LINES, ['a'], true), ['b'])), 'ab')
  t.equal(textOf(withLines(withLines(NO_LINES, ['a']), ['b'])), 'a\nb')
  // What a part shows can be another thing than what the whole line shows.
  t.equal(textOf(withLines(withLines(NO_LINES, ['10 %\x1b[3'], true), ['1m\r20 %'])), '20 %')
  t.equal(textOf(withLines(withNote(withLines(NO_LINES, ['a'], true), 'another pod'), ['b'])), 'a\n… another pod …\nb')
})

await t.test('long lines do not make the log larger than it may be', async (t) => {
  const part = 'x'.repeat(64 * 1024)
  let log = NO_LINES
  for (let n = 0; n < 2 * MOST_CHARS / part.length; n++) log = withLines(log, [part], true)
  t.ok(textOf(log).length <= MOST_CHARS + LONGEST_LINE)
  t.equal(log.count + log.leftOut, 2 * MOST_CHARS / LONGEST_LINE, 'a line without an end is shown as several')
  log = withLines(NO_LINES, Array<string>(2 * MOST_CHARS / part.length).fill(part))
  t.ok(textOf(log).length <= MOST_CHARS + LONGEST_LINE)
  t.equal(log.count + log.leftOut, 2 * MOST_CHARS / part.length)
})

t.strictSame(linesOf('a\n\nb\n'), ['a', '', 'b'])
t.strictSame(linesOf('a\nb'), ['a', 'b'])
t.strictSame(linesOf(''), [])

t.equal(withoutAnsi('\x1b[1;31merror\x1b[0m: \x1b]8;;http://x\x07link\x1b]8;;\x07'), 'error: link')
t.equal(withoutAnsi('10 %\r20 %\r30 %\r'), '30 %', 'of a progress bar the last')
t.equal(withoutAnsi('<script>alert(1)</script>'), '<script>alert(1)</script>')
