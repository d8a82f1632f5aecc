import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { sha256 } from '../../page/files/sha256.ts'

const expected = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

await t.test('the digest is that of Node, for every length around the blocks', async (t) => {
  const bytes = randomBytes(200)
  const wrong = Array.from({ length: 200 }, (_, length) => bytes.subarray(0, length))
    .filter((part) => sha256().update(part).hex() !== expected(part))
  t.strictSame(wrong, [])
})

await t.test('the pieces in which the bytes come do not matter', async (t) => {
  const bytes = randomBytes(100_000)
  for (const step of [1, 63, 64, 65, 4096]) {
    const hash = sha256()
    for (let at = 0; at < bytes.length; at += step) hash.update(bytes.subarray(at, at + step))
    t.equal(hash.hex(), expected(bytes), String(step))
  }
})
