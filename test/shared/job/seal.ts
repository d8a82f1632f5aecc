import t from 'tap'
import { newJobId } from '../../../shared/job/job-id.ts'
import { seal, unseal } from '../../../shared/job/seal.ts'

const key = 'k'.repeat(32)
const id = newJobId()
const values = { PASSWORD: 'größer als "7"\n', EMPTY: '', LONG: 'x'.repeat(100_000) }

await t.test('unseal returns the sealed values with the same key', async (t) => {
  t.same(unseal(key, id, seal(key, id, values)), values)
  t.same(unseal(key, id, seal(key, id, {})), {})
})

await t.test('sealing the same values twice gives different texts, and neither shows a value', async (t) => {
  const [one, other] = [seal(key, id, { A: 'hunter2' }), seal(key, id, { A: 'hunter2' })]
  t.not(one, other)
  for (const sealed of [one, other]) {
    t.match(sealed, /^[A-Za-z0-9+/]+=*$/)
    t.notMatch(Buffer.from(sealed, 'base64').toString('latin1'), /hunter2|"A"/)
  }
})

await t.test('unseal throws for another key, another job, or damaged text', async (t) => {
  const sealed = seal(key, id, { A: 'hunter2' })
  t.throws(() => unseal('l'.repeat(32), id, sealed))
  t.throws(() => unseal(key, newJobId(), sealed))
  const bytes = Buffer.from(sealed, 'base64')
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= 1
    t.throws(() => unseal(key, id, damaged.toString('base64')), `byte ${at}`)
  }
  for (const length of [0, 1, 12, 20, 28, bytes.length - 1]) {
    t.throws(() => unseal(key, id, bytes.subarray(0, length).toString('base64')), `${length} bytes`)
  }
})
