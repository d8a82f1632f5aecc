import t from 'tap'
import { readCallbackSettings } from '../../../../functions/job-completed/callbacks/callback-settings.ts'

const sinkOf = (overrides: object) =>
  readCallbackSettings({
    EGRESS_ALLOWED_ORIGINS: '',
    EGRESS_DENIED_RANGES: '',
    PUBLIC_URL: '',
    K_SINK: 'http://broker.example.org/a',
    K_SINK_TOKEN_FILE: '/oidc/token',
    ...overrides
  }).sink

await t.test('an empty K_CE_OVERRIDES adds no extension attributes', async (t) => {
  for (const overrides of [{}, { K_CE_OVERRIDES: '' }, { K_CE_OVERRIDES: '{}' }]) {
    t.strictSame(sinkOf(overrides), { url: 'http://broker.example.org/a', extensions: {}, tokenFile: '/oidc/token' })
  }
  t.strictSame(sinkOf({ K_CE_OVERRIDES: '{"extensions":{"site":"a"}}' })!.extensions, { site: 'a' })
  t.throws(() => sinkOf({ K_CE_OVERRIDES: 'site=a' }), /K_CE_OVERRIDES is not JSON/)
})
