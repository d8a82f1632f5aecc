import t from 'tap'
import type { ProblemError } from '../../../../shared/http/problem.ts'
import { numberAsSent, readJson } from '../../../../shared/http/bodies/read-json.ts'
import { DEEPEST } from '../../../../shared/schema/is-nested-too-deep.ts'

const read = (text: string): unknown => readJson(Buffer.from(text))

/** The error for a text that is refused. */
function complaint (text: string | Buffer, ...place: [string[]?, string?]): { field: string, message: string } {
  try {
    readJson(Buffer.from(text), ...place)
  } catch (error) {
    t.match(error, { problem: { status: 400, type: 'urn:gx4ki:problem:invalid-request' } })
    return (error as ProblemError).problem.errors![0]!
  }
  throw new Error(`it was read: ${text.toString().slice(0, 80)}`)
}

await t.test('JSON is read as JSON.parse reads it', async (t) => {
  for (
    const text of [
      '{}',
      ' [ ] ',
      'null',
      '0',
      '"a"',
      '{"":""}',
      '{"a":{"a":[{"a":1},{"a":1}]},"b":[1,[2,"}]"]]}',
      '{"a":"\\ud83d\\ude97 \\u0000 \\"{[,","constructor":{"prototype":1},"0":1}',
      `${'['.repeat(DEEPEST)}${']'.repeat(DEEPEST)}`
    ]
  ) t.same(read(text), JSON.parse(text), text.slice(0, 80))
  t.same(read('\uFEFF{"a":1}'), { a: 1 }, 'a byte order mark is ignored')
})

await t.test('what would be changed silently is refused with the name of the field', async (t) => {
  for (
    const [text, field, message] of [
      ['{"a":1,"a":1}', 'a', /twice/],
      ['{"env":{"NAME":"a","b":{},"NAME":"b"}}', 'env.NAME', /twice/],
      ['{"env":{},"env":{}}', 'env', /twice/],
      ['{"\\u0061":1,"a":2}', 'a', /twice/],
      ['[{"a":1},{"a":[0,{"b":1,"c":2,"b":3}]}]', '1.a.1.b', /twice/],
      ['{"env":{"NAME":"a\\ud800b"}}', 'env.NAME', /surrogate/],
      ['{"a":["x","\\udc00"]}', 'a.1', /surrogate/],
      ['{"a":{"\\ud800":1}}', 'a.\uFFFD', /surrogate/],
      ['"\\ud800"', 'body', /surrogate/],
      ['{"a":{"__proto__":{}}}', 'a.__proto__', /not allowed/],
      [Buffer.from('{"a":"größer"}', 'latin1'), 'body', /UTF-8 text: byte 9, in line 1/],
      ['', 'body', /empty/],
      ['{', 'body', /not valid JSON/],
      ['{"a":1}\n{"b":hidden}', 'body', /not valid JSON \(line 2 column 1\)/],
      [`{"a":${'['.repeat(DEEPEST)}${']'.repeat(DEEPEST)}}`, 'a', /deeper/],
      ['['.repeat(500_000) + ']'.repeat(500_000), 'body', /deeper/]
    ] as const
  ) {
    const error = complaint(text as string)
    t.equal(error.field, field, text.slice(0, 80).toString())
    t.match(error.message, message)
    t.notMatch(error.message, /hidden/)
  }
})

await t.test('a part of a larger document has its place in the names of fields', async (t) => {
  t.equal(complaint('{"env":{"A":1,"A":2}}', ['data']).field, 'data.env.A')
  t.equal(complaint('{', ['data']).field, 'body')
  t.equal(complaint('{', ['data'], 'data_base64').field, 'data_base64')
})

await t.test('the text of a number is known where JavaScript would write another one', async (t) => {
  const { env } = read(
    '{"env":{"BIG":9007199254740993,"VERSION":1.10,"ZERO":-0,"E":1E3,"HUGE":1e999,"PLAIN":1.5,"N":"1.10"}}'
  ) as { env: object }
  t.same(['BIG', 'VERSION', 'ZERO', 'E', 'HUGE', 'PLAIN', 'N', 'none'].map((name) => numberAsSent(env, name)), [
    '9007199254740993',
    '1.10',
    '-0',
    '1E3',
    '1e999',
    undefined,
    undefined,
    undefined
  ])
  t.equal(numberAsSent({}, 'BIG'), undefined)
})

await t.test('a text of the maximum size is read', async (t) => {
  const size = 1024 * 1024 - 100
  for (
    const text of [
      `"${'\\n'.repeat(size / 2)}"`,
      `[${'1,'.repeat(size / 2)}1]`,
      `{"a":"${'x'.repeat(size)}"}`,
      `[${'1.0,'.repeat(size / 4)}1]`,
      `{${Array.from({ length: 60_000 }, (_, at) => `"${at}":1.0`).join()}}`
    ]
  ) t.ok(JSON.stringify(read(text)) === JSON.stringify(JSON.parse(text)), text.slice(0, 20))
})
