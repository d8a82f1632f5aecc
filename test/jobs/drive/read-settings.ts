import t from 'tap'
import { readSettings } from '../../../jobs/drive/read-settings.ts'

await t.test('an empty environment gives the defaults', async (t) => {
  t.same(readSettings({}), { duration: 15, realTimeFactor: 5, seed: 0, resultDir: 'results' })
})

await t.test('variables that are set are used', async (t) => {
  const env = { DURATION: '3600', REAL_TIME_FACTOR: '0.5', SEED: '4294967295', RESULT_DIR: '/results' }
  t.same(readSettings(env), { duration: 3600, realTimeFactor: 0.5, seed: 4294967295, resultDir: '/results' })
})

for (
  const [name, rule, values] of [
    ['DURATION', 'a whole number from 1 to 3600', ['0', '3601', '1.5', 'long', '15 s', '', ' ', 'Infinity', 'NaN']],
    ['REAL_TIME_FACTOR', 'a number from 0 to 1000', ['-1', '1000.1', 'fast', '', 'Infinity', '-Infinity']],
    ['SEED', 'a whole number from 0 to 4294967295', ['-1', '0.5', '4294967296', 'x', '']]
  ] as const
) {
  await t.test(`${name} is ${rule}`, async (t) => {
    for (const value of values) {
      t.throws(() => readSettings({ [name]: value }), {
        message: `${name} must be ${rule}, but is ${JSON.stringify(value)}`
      })
    }
  })
}
