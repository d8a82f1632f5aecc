import t from 'tap'
import { askedJob, deployRequest, textOfAsked } from '../../../../functions/deploy/intake/deploy-request.ts'
import { readJson } from '../../../../shared/http/bodies/read-json.ts'

const query = { dry_run: false }
const webhooks = { egress: { allowed: new Set<string>(), denied: [] }, secretsDir: undefined, defaultSecret: undefined }

/** The request for a body, with the operator's default template. */
const requestFor = (body: Parameters<typeof askedJob>[0], more: object, template: string) =>
  deployRequest(askedJob(body, { ...query, ...more }), template, webhooks)

await t.test('every kind of body gives the same request', async (t) => {
  const expected = { template: 'drive', env: { DURATION: '15' } }
  t.same(requestFor({ template: 'drive', env: { DURATION: '15' } }, {}, 'other'), expected)
  t.same(requestFor('DURATION=15', { template: 'drive' }, 'other'), expected)
  t.same(requestFor({ env_file: 'DURATION=15', template: 'drive' }, {}, 'other'), expected)
  t.same(requestFor({ env_file: 'DURATION=15' }, { template: 'drive' }, 'other'), expected)
  t.same(requestFor({ env: { DURATION: '15' } }, {}, 'drive'), expected)
})

await t.test('without a body the request is for the template with its defaults', async (t) => {
  for (const body of [undefined, null, {}, '']) {
    t.same(requestFor(body, {}, 'drive'), { template: 'drive', env: {} })
  }
  t.same(requestFor(undefined, { template: 'other' }, 'drive'), { template: 'other', env: {} })
})

await t.test('a template in both body and query must be the same', async (t) => {
  t.equal(askedJob({ template: 'a' }, { ...query, template: 'a' }).template, 'a')
  t.match(t.throws(() => askedJob({ template: 'a' }, { ...query, template: 'b' })), {
    problem: { status: 400, errors: [{ field: 'template' }] }
  })
})

await t.test('equal requests have the same text, and other requests another', async (t) => {
  const textOf = (json: string): string =>
    textOfAsked(askedJob(readJson(Buffer.from(json)) as Parameters<typeof askedJob>[0], query))
  const callback = '"callback":{"url":"https://a","events":["failed"],"secret_ref":"b"}'
  t.equal(
    textOf(`{"template":"a","env":{"B":1,"C":true},${callback}}`),
    textOf(`{
      "callback": { "secret_ref": "b", "events": ["failed"], "url": "https://a" },
      "env": { "C": "true", "B": "1" },
      "template": "a"
    }`)
  )
  t.equal(textOf('{"env":{"B":1}}'), textOfAsked(askedJob('B=1', query)))
  t.equal(textOf('{"template":"a"}'), textOfAsked(askedJob(undefined, { ...query, template: 'a' })))
  const others = [
    '{}',
    '{"template":"a"}',
    '{"queue":"a"}',
    '{"env":{"B":1}}',
    '{"env":{"B":"1 "}}',
    '{"env":{"B":1.0}}',
    '{"env":{"B":9007199254740993}}',
    '{"env":{"B":9007199254740992}}',
    `{${callback}}`,
    '{"callback":{"url":"https://a"}}'
  ]
  t.equal(new Set(others.map(textOf)).size, others.length)
})
