import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { keptKeys, newKeys } from '../../../knative/local/keys.ts'

await t.test('kept keys are made once, for the user alone', (t) => {
  const file = join(t.testdir({}), 'keys.json')
  const keys = keptKeys(file)
  t.ok(keys.jobToken.length >= 32 && keys.resultToken.length >= 32)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.strictSame(keptKeys(file), keys)
  t.notSame(newKeys(), keys)
  t.end()
})

await t.test('a file of keys that cannot be read is not replaced: the store has other keys', (t) => {
  const file = join(t.testdir({}), 'keys.json')
  writeFileSync(file, '{"store":')
  t.throws(() => keptKeys(file), { message: /^the keys in .*keys\.json cannot be read .*; remove its folder to start anew$/ })
  t.end()
})
