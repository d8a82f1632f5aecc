import t from 'tap'
import { nextTry } from '../../../../functions/job-completed/callbacks/next-try.ts'

const now = new Date('2026-11-22T13:00:00.000Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const pause = (
  tried: number,
  { retryAfter, random = 0 }: { retryAfter?: string, random?: number } = {}
): number | undefined => {
  const next = nextTry(tried, retryAfter, now, random)
  return next && next.getTime() - now.getTime()
}

await t.test('ten tries within 75 h 35 min, as the specification recommends', async (t) => {
  const pauses = Array.from({ length: 9 }, (_, at) => pause(at + 1)!)
  t.strictSame(pauses, [5000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR])
  t.equal(pauses.reduce((sum, one) => sum + one), 75 * HOUR + 35 * MINUTE + 5000)
  t.equal(pause(10), undefined)
  t.equal(pause(11), undefined)
})

await t.test('the random extra pause is between 0 and 10 %', async (t) => {
  for (let tried = 1; tried <= 9; tried++) {
    t.equal(pause(tried, { random: 1 }), Math.floor(pause(tried)! * 1.1))
    t.ok(pause(tried, { random: 0.5 })! > pause(tried)!)
  }
})

await t.test('Retry-After can make the pause longer, up to a day, but not shorter', async (t) => {
  for (
    const [retryAfter, expected] of [
      ['120', 2 * MINUTE],
      ['0', 5000],
      ['4', 5000],
      ['86400', 24 * HOUR],
      ['999999999', 24 * HOUR],
      ['9'.repeat(400), 24 * HOUR],
      ['Sun, 22 Nov 2026 13:10:00 GMT', 10 * MINUTE],
      ['Sun, 22 Nov 2026 12:00:00 GMT', 5000],
      ['Fri, 01 Jan 2100 00:00:00 GMT', 24 * HOUR],
      ['soon', 5000],
      ['-5', 5000],
      ['', 5000],
      ['1.5', 5000]
    ] as const
  ) t.equal(pause(1, { retryAfter }), expected, retryAfter)
  t.equal(pause(10, { retryAfter: '60' }), undefined, 'Retry-After adds no try after the last one')
})
