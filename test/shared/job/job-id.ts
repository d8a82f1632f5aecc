import t from 'tap'
import { createdAt, isJobId, newJobId } from '../../../shared/job/job-id.ts'

/** Times that differ in every byte, from the first millisecond to far in the future. */
const times = [
  0,
  1,
  255,
  256,
  65_535,
  65_536,
  2 ** 32 - 1,
  2 ** 32,
  1_700_000_000_000,
  1_700_000_000_001,
  Date.now(),
  2 ** 43
].map((ms) => new Date(ms))

await t.test('an id is a UUIDv8 in lower case', async (t) => {
  for (const time of times) {
    const id = newJobId(time)
    t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    t.ok(isJobId(id))
  }
})

await t.test('createdAt reads the creation time from an id, to the millisecond', async (t) => {
  for (const time of times) t.equal(createdAt(newJobId(time)).getTime(), time.getTime())
})

await t.test('ids sort newest first, as an S3 store compares keys', async (t) => {
  const ids = times.map((time) => newJobId(time))
  t.same([...ids].sort(), ids.toReversed())
  for (let round = 0; round < 50; round++) {
    const earlier = Math.floor(Math.random() * 2 ** 42)
    const later = earlier + 1 + Math.floor(Math.random() * 1000)
    t.ok(newJobId(new Date(later)) < newJobId(new Date(earlier)), `${later} before ${earlier}`)
  }
})

await t.test('two ids of one millisecond differ', async (t) => {
  const now = new Date()
  t.equal(new Set(Array.from({ length: 1000 }, () => newJobId(now))).size, 1000)
})

await t.test('text in any other form is not an id', async (t) => {
  const id = 'fe5df75a-8a22-8f0a-aaf8-e8b18d0e8de8'
  t.ok(isJobId(id))
  for (
    const other of [
      '',
      id.toUpperCase(),
      ` ${id}`,
      `${id}\n`,
      id.slice(1),
      `${id}0`,
      id.replaceAll('-', ''),
      `{${id}}`,
      id.replace('8f0a', '4f0a'),
      id.replace('aaf8', 'caf8'),
      '../../../etc/passwd',
      'deploy',
      '00000000-0000-0000-0000-000000000000'
    ]
  ) t.notOk(isJobId(other), JSON.stringify(other))
})
