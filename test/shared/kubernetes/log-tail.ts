import t from 'tap'
import { KEPT_BYTES } from '../../../shared/kubernetes/end-of-log.ts'
import { type LogTail, longTail, shortTail } from '../../../shared/kubernetes/log-tail.ts'

/** No two parts of it are alike. */
const log = Buffer.from(Array.from({ length: 2 ** 20 }, (_, at) => String(at).padStart(15) + '\n').join(''))

async function fill (tail: LogTail, bytes: Buffer, step: number): Promise<Buffer> {
  for (let at = 0; at < bytes.length; at += step) await tail.add(bytes.subarray(at, at + step))
  return tail.bytes()
}

await t.test('the last bytes are kept, one more than of a stored log, whatever the size of the chunks', async (t) => {
  for (const size of [0, 1, 200_000, 300_000, KEPT_BYTES, KEPT_BYTES + 1, KEPT_BYTES + 2, log.length]) {
    for (const step of [65_536, 99_999, 5_000_000, 16_777_216]) {
      const tail = longTail('whole')
      const kept = await fill(tail, log.subarray(0, size), step)
      t.ok(kept.equals(log.subarray(Math.max(size - KEPT_BYTES - 1, 0), size)), `${size} in chunks of ${step}`)
      tail.drop()
    }
  }
})

await t.test('a short tail never waits for memory', async (t) => {
  for (const step of [1000, 65_536, 500_000]) {
    t.ok((await fill(shortTail(65_536), log, step)).equals(log.subarray(-65_537)))
  }
})

await t.test('long logs wait for each other, in order; short ones do not, nor for those that are followed', async (t) => {
  const part = log.subarray(0, 300_000)
  const tails = Array.from({ length: 4 }, () => longTail('followed'))
  const order: number[] = []
  const all = tails.map(async (tail, at) => {
    await tail.add(part)
    order.push(at)
  })
  await longTail('followed').add(part.subarray(0, 200_000))
  const whole = longTail('whole')
  await whole.add(part)
  whole.drop()
  t.same(order, [0, 1])
  tails[1]!.drop()
  tails[1]!.drop()
  await all[2]
  t.same(order, [0, 1, 2])
  tails[0]!.drop()
  await Promise.all(all)
  t.same(order, [0, 1, 2, 3])
  t.ok(tails[3]!.bytes().equals(part))
})
