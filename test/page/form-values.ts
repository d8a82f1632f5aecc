import t from 'tap'
import type { Template } from '../../page/api/shapes.ts'
import { commandLine } from '../../page/new-job/command-line.ts'
import { fieldGroups, initialValues, typedValue, valuesToSend, withValue } from '../../page/new-job/form-values.ts'
import { rangeWords } from '../../page/new-job/range-words.ts'
import { requestKeys } from '../../page/new-job/request-key.ts'

const template: Template = {
  name: 'sim',
  description: '',
  warnings: [],
  env: {
    required: ['MAP', 'LICENCE', 'MODE'],
    properties: {
      MAP: { type: 'string' },
      LICENCE: { type: 'string', writeOnly: true },
      MODE: { type: 'string', default: 'fast' },
      SECONDS: { type: 'integer', default: 60, minimum: 1, maximum: 7200 },
      NOISE: { type: 'number' },
      RECORD: { type: 'boolean', default: true }
    }
  }
}

await t.test('the form begins with the defaults, or with the values of an earlier job', async (t) => {
  t.strictSame(initialValues(template), { MODE: 'fast', SECONDS: '60', RECORD: 'true' })
  const earlier = { MAP: 'Town01', MODE: '', SECONDS: '5', RECORD: 'false', GONE: 'x' }
  t.strictSame(
    initialValues(template, earlier),
    { MAP: 'Town01', MODE: '', SECONDS: '5', RECORD: 'false' },
    'a secret is not known, and a variable that the template no longer has is left out'
  )
})

await t.test('what differs from the default is sent', async (t) => {
  t.strictSame(valuesToSend(template, initialValues(template)), {})
  t.strictSame(
    valuesToSend(template, { MAP: 'x', MODE: '', SECONDS: '60', NOISE: '0', RECORD: 'false', NEW: '', toString: '' }),
    { MAP: 'x', MODE: '', NOISE: '0', RECORD: 'false', NEW: '', toString: '' },
    'an empty text where there is a default, and every unknown variable'
  )
})

await t.test('the empty text is a value, and no value is none', async (t) => {
  const { MAP, MODE, SECONDS } = template.env.properties
  const texts: Template = { ...template, env: { properties: { MAP: MAP!, MODE: { type: 'string', default: '' } } } }
  const earlier = { MAP: '', MODE: '' }
  t.strictSame(valuesToSend(texts, initialValues(texts, earlier)), { MAP: '' }, 'the earlier job had it')
  t.strictSame(valuesToSend(texts, initialValues(texts)), {}, 'nobody has set it')
  t.strictSame(valuesToSend(texts, { ...initialValues(texts), MAP: '' }), { MAP: '' }, 'a dotenv file has it')
  t.equal(typedValue(MAP!, true, ''), '', 'a text that must be given was emptied')
  t.equal(typedValue(MAP!, false, ''), undefined)
  t.equal(typedValue(MODE!, true, ''), '', 'in place of the default')
  t.equal(typedValue(SECONDS!, true, ''), undefined, 'no number is empty')
  t.equal(typedValue(SECONDS!, true, '5'), '5')
  t.strictSame(withValue({ MAP: 'x', MODE: '' }, 'MAP', undefined), { MODE: '' })
  t.strictSame(withValue({ MODE: '' }, 'MAP', ''), { MODE: '', MAP: '' })
})

t.strictSame(fieldGroups(template, { NEW: '1', toString: '2' }), {
  needed: ['MAP', 'LICENCE'],
  others: ['MODE', 'SECONDS', 'NOISE', 'RECORD'],
  unknown: ['NEW', 'toString']
})

t.equal(rangeWords(template.env.properties['SECONDS']!), 'integer, 1 to 7200')
t.equal(rangeWords({ type: 'number', minimum: 0 }), 'number, at least 0')
t.equal(rangeWords({ type: 'string', maxLength: 5, pattern: '^a' }), 'at most 5 characters, like ^a')
t.equal(rangeWords({ type: 'string' }), '')

t.equal(
  commandLine({ template: 'sim', env: { MAP: 'Town 01', LICENCE: 'hidden', MODE: "it's" } }, ['LICENCE']),
  String.raw`gx4ki run sim -e 'MAP=Town 01' -e LICENCE -e 'MODE=it'\''s'`
)
t.equal(
  commandLine({ template: 'sim', env: {}, queue: 'gpu', callback: { url: 'https://example.org/?a=1&b' } }, []),
  "gx4ki run sim --queue gpu --callback 'https://example.org/?a=1&b'"
)

const keyOf = requestKeys()
t.equal(keyOf({ a: 1 }), keyOf({ a: 1 }), 'the same request has the same key')
t.not(keyOf({ a: 1 }), keyOf({ a: 2 }))
t.not(keyOf({ a: 1 }), requestKeys()({ a: 1 }), 'in another form it is another job')
