import t from 'tap'
import { repeatedHeader } from '../../../shared/http/repeated-header.ts'

await t.test('a header with one meaning is found when it is sent twice', async (t) => {
  for (const name of ['Host', 'authorization', 'Content-Type', 'Idempotency-Key']) {
    t.equal(repeatedHeader([name, 'a', 'x', 'y', name.toLowerCase(), 'a']), name.toLowerCase())
  }
})

await t.test('other headers may be repeated, and a value is not a name', async (t) => {
  t.equal(repeatedHeader([]), undefined)
  t.equal(repeatedHeader(['host', 'host', 'accept', 'a', 'accept', 'b', 'x-forwarded-for', 'host']), undefined)
})
