import t from 'tap'
import { endOfLog, KEPT_BYTES } from '../../../shared/kubernetes/end-of-log.ts'

const filler = Buffer.alloc(KEPT_BYTES + 100, 'x')

/** A log that has `begin` just before the part that could be kept, `end` at its begin, and then no line break. */
function logAround (begin: string | Buffer, end: string | Buffer): Buffer {
  const [before, after] = [Buffer.from(begin), Buffer.from(end)]
  return Buffer.concat([before, after, filler.subarray(0, KEPT_BYTES - after.length)])
}

await t.test('a log that is short enough stays as it is', async (t) => {
  for (const size of [0, 1, KEPT_BYTES]) t.equal(endOfLog(filler.subarray(0, size)).length, size)
  // As a container prints the middle of a character: it is its own affair.
  const odd = Buffer.concat([Buffer.from([0x9f, 0x0a]), filler.subarray(0, KEPT_BYTES - 2)])
  t.equal(endOfLog(odd), odd)
})

await t.test('a cut log begins with a line', async (t) => {
  for (
    const [begin, end, kept] of [
      ['a line\n', 'the next', KEPT_BYTES],
      ['a line', '\nthe next', KEPT_BYTES - 1],
      ['a li', 'ne\nthe next', KEPT_BYTES - 3],
      ['a line\r', '\nthe next', KEPT_BYTES - 1],
      ['\n', '\nthe next', KEPT_BYTES],
      ['a l', `${'i'.repeat(60_000)}ne\nthe next`, KEPT_BYTES - 60_003]
    ] as const
  ) {
    const log = logAround(begin, end)
    const tail = endOfLog(log)
    t.equal(tail.length, kept, JSON.stringify(begin + end).slice(0, 40))
    t.ok(tail.equals(log.subarray(-kept)))
  }
})

await t.test('a cut log without a line break nearby begins with a whole character', async (t) => {
  for (const character of ['x', 'ü', '€', '🚗']) {
    const bytes = Buffer.from(character)
    for (let cut = 0; cut < bytes.length; cut++) {
      const tail = endOfLog(logAround(bytes.subarray(0, cut), Buffer.concat([bytes.subarray(cut), Buffer.from('next')])))
      const expected = cut === 0 ? `${character}next` : 'next'
      t.equal(tail.subarray(0, Buffer.byteLength(expected)).toString(), expected, `${character} cut at byte ${cut}`)
    }
  }
  const farAway = logAround('aü'.repeat(3), `b${'ü'.repeat(50_000)}\n`)
  t.equal(endOfLog(farAway).length, KEPT_BYTES, 'a line break that is far away does not count')
})

await t.test('bytes that are not UTF-8 lose at most three bytes', async (t) => {
  t.equal(endOfLog(Buffer.alloc(KEPT_BYTES + 7, 0x80)).length, KEPT_BYTES - 3)
  t.equal(endOfLog(Buffer.alloc(KEPT_BYTES + 7, 0xff)).length, KEPT_BYTES)
})
