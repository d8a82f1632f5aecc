import t from 'tap'
import { Type } from 'typebox'
import { tokenSettings } from '../../../shared/access/job-token.ts'
import { serverSettings } from '../../../shared/http/server.ts'
import { readSettings } from '../../../shared/settings/read-settings.ts'
import { storeSettings } from '../../../shared/store/open-store.ts'

const Settings = Type.Object({ ...serverSettings, ...storeSettings, ...tokenSettings })
const keys = { S3_ACCESS_KEY: 'access', S3_SECRET_KEY: 'secret', JOB_TOKEN_KEY: 'k'.repeat(32) }

await t.test('unset settings have their defaults, and other variables are left out', async (t) => {
  t.same(readSettings(Settings, { ...keys, PATH: '/bin', S3_SECRET: 'x' }), {
    PORT: 8080,
    HOST: '127.0.0.1',
    TRUSTED_PROXIES: '',
    LOG_LEVEL: 'info',
    S3_ENDPOINT: 'http://127.0.0.1:9000',
    S3_BUCKET: 'gx4ki-jobs',
    S3_REGION: 'us-east-1',
    ...keys
  })
})

await t.test('a number is read from text', async (t) => {
  t.equal(readSettings(Settings, { ...keys, PORT: '0' }).PORT, 0)
})

await t.test('the error names every wrong setting and no value', async (t) => {
  const wrong = {
    PORT: '70000.25',
    S3_ENDPOINT: 'tcp://hidden-host',
    S3_ACCESS_KEY: '',
    JOB_TOKEN_KEY: 'hidden-key',
    S3_BUCKET: 'xy'
  }
  const { message } = t.throws(() => readSettings(Settings, wrong)) as Error
  t.match(message, /^wrong settings: /)
  for (const name of [...Object.keys(wrong), 'S3_SECRET_KEY']) t.match(message, name)
  for (const value of ['70000', 'hidden', 'xy']) t.notMatch(message, value)
})

await t.test('each wrong setting is refused', async (t) => {
  for (
    const [name, value] of [
      ['PORT', '65536'],
      ['PORT', '-1'],
      ['PORT', '80.5'],
      ['PORT', 'Infinity'],
      ['PORT', 'http'],
      ['PORT', ''],
      ['S3_ENDPOINT', 'http://a/path'],
      ['S3_ENDPOINT', ''],
      ['S3_ENDPOINT', '127.0.0.1:9000'],
      ['JOB_TOKEN_KEY', 'k'.repeat(31)],
      ['S3_REGION', '']
    ] as const
  ) {
    t.throws(
      () => readSettings(Settings, { ...keys, [name]: value }),
      new RegExp(`environment.${name} `),
      `${name}=${value}`
    )
  }
})
