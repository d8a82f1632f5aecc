import t from 'tap'
import { decodeText, deployRequest } from '../../../../functions/deploy/intake/deploy-request.ts'

const query = { dry_run: false }
const webhooks = { egress: { allowed: new Set<string>(), denied: [] }, secretsDir: undefined, defaultSecret: undefined }

await t.test('every kind of body gives the same request', async (t) => {
  const expected = { template: 'drive', env: { DURATION: '15' } }
  t.same(deployRequest({ template: 'drive', env: { DURATION: '15' } }, query, 'other', webhooks), expected)
  t.same(deployRequest('DURATION=15', { ...query, template: 'drive' }, 'other', webhooks), expected)
  t.same(deployRequest({ env_file: 'DURATION=15', template: 'drive' }, query, 'other', webhooks), expected)
  t.same(deployRequest({ env_file: 'DURATION=15' }, { ...query, template: 'drive' }, 'other', webhooks), expected)
  t.same(deployRequest({ env: { DURATION: '15' } }, query, 'drive', webhooks), expected)
})

await t.test('without a body the request is for the template with its defaults', async (t) => {
  for (const body of [undefined, null, {}, '']) {
    t.same(deployRequest(body, query, 'drive', webhooks), { template: 'drive', env: {} })
  }
  t.same(deployRequest(undefined, { ...query, template: 'other' }, 'drive', webhooks), { template: 'other', env: {} })
})

await t.test('a template in both body and query must be the same', async (t) => {
  t.equal(deployRequest({ template: 'a' }, { ...query, template: 'a' }, 'drive', webhooks).template, 'a')
  t.match(t.throws(() => deployRequest({ template: 'a' }, { ...query, template: 'b' }, 'drive', webhooks)), {
    problem: { status: 400, errors: [{ field: 'template' }] }
  })
})

await t.test('text that is not UTF-8 is refused', async (t) => {
  t.equal(decodeText('body', Buffer.from('größer 🚗')), 'größer 🚗')
  t.equal(decodeText('body', Buffer.from('\uFEFFA=1')), '\uFEFFA=1', 'the byte order mark is kept')
  for (
    const bytes of [
      Buffer.from('größer', 'latin1'),
      Buffer.from([0xff, 0xfe, 0x41, 0x00]),
      Buffer.from([0xc3]),
      Buffer.from([0xed, 0xa0, 0x80])
    ]
  ) {
    t.match(t.throws(() => decodeText('env_file', bytes)), {
      problem: { status: 400, errors: [{ field: 'env_file' }] }
    })
  }
})
