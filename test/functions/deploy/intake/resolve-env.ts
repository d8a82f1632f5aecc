import t from 'tap'
import type { Template } from '../../../../functions/deploy/templates/read-templates.ts'
import { type GivenEnv, resolveEnv } from '../../../../functions/deploy/intake/resolve-env.ts'
import { readJson } from '../../../../shared/http/bodies/read-json.ts'
import type { ProblemError } from '../../../../shared/http/problem.ts'

const description = 'a variable'

function templateOf (properties: Record<string, object>, required?: string[]): Template {
  return {
    name: 'test',
    description,
    manifest: {},
    env: {
      type: 'object',
      properties: properties as Template['env']['properties'],
      ...(required && { required }),
      additionalProperties: false
    },
    resultsPath: '/results',
    demoResult: undefined,
    startDeadlineSeconds: 600,
    retentionSeconds: 3600,
    warnings: []
  }
}

const template = templateOf({
  DURATION: { type: 'integer', minimum: 1, maximum: 3600, default: 15, description },
  FACTOR: { type: 'number', minimum: 0, description },
  MODE: { type: 'string', enum: ['a', 'b'], default: 'a', description },
  NAME: { type: 'string', pattern: '^[a-z]*$', maxLength: 5, description },
  FLAG: { type: 'boolean', default: false, description },
  PASSWORD: { type: 'string', minLength: 8, writeOnly: true, description },
  PIN: { type: 'integer', default: 1234, writeOnly: true, description }
})

function complaints (given: GivenEnv, of = template): { field: string, message: string }[] {
  try {
    resolveEnv(of, given)
  } catch (error) {
    const { problem } = error as ProblemError
    t.match(problem, { type: 'urn:gx4ki:problem:invalid-request', status: 400, errors: [] })
    t.ok(problem.detail.startsWith(problem.errors![0]!.field))
    return problem.errors!
  }
  return []
}

await t.test('a request with very many unknown variables names the first of them', (t) => {
  const given = Object.fromEntries(Array.from({ length: 80_000 }, (_, at) => [`V${at}`, 'x']))
  try {
    resolveEnv(template, given)
    t.fail('accepted')
  } catch (error) {
    const { problem } = error as ProblemError
    t.equal(problem.errors!.length, 100)
    t.ok(problem.more_errors! >= 79_900)
    t.ok(JSON.stringify(problem).length < 20_000)
  }
  t.end()
})

await t.test('a missing variable gets its default as text, and secret variables are separate', async (t) => {
  t.same(resolveEnv(template, {}), { plain: { DURATION: '15', MODE: 'a', FLAG: 'false' }, secret: { PIN: '1234' } })
  t.same(resolveEnv(template, { PASSWORD: 'hunter22', PIN: 9, NAME: '' }), {
    plain: { DURATION: '15', MODE: 'a', FLAG: 'false', NAME: '' },
    secret: { PASSWORD: 'hunter22', PIN: '9' }
  })
})

await t.test('a value may be text, as in a dotenv file, or have its type', async (t) => {
  for (
    const [given, name, text] of [
      [{ DURATION: 20 }, 'DURATION', '20'],
      [{ DURATION: '20' }, 'DURATION', '20'],
      [{ FACTOR: 0 }, 'FACTOR', '0'],
      [{ FACTOR: '0.50' }, 'FACTOR', '0.50'],
      [{ FACTOR: 1e21 }, 'FACTOR', '1e+21'],
      [{ FLAG: true }, 'FLAG', 'true'],
      [{ FLAG: 'true' }, 'FLAG', 'true'],
      [{ MODE: 'b' }, 'MODE', 'b']
    ] as const
  ) t.equal(resolveEnv(template, given).plain[name], text, JSON.stringify(given))
  const free = templateOf({ TEXT: { type: 'string', description } })
  for (
    const [value, text] of [[7, '7'], ['007', '007'], [true, 'true'], [-0.5, '-0.5'], ['', ''], [
      'größer 🚗\n',
      'größer 🚗\n'
    ]] as const
  ) {
    t.equal(resolveEnv(free, { TEXT: value }).plain['TEXT'], text, 'a string variable accepts every value as text')
  }
})

await t.test('a number of JSON arrives with the digits that were sent, or is refused by its name', async (t) => {
  const sent = (json: string): GivenEnv => readJson(Buffer.from(json)) as GivenEnv
  const free = templateOf({ TEXT: { type: 'string', description } })
  for (const text of ['9007199254740993', '1.10', '-0', '1E3', '1e999', '0.1000000000000000055511151231257827']) {
    t.same(resolveEnv(free, sent(`{"TEXT":${text}}`)).plain, { TEXT: text })
  }
  const numbers = templateOf({ SEED: { type: 'integer', description }, FACTOR: { type: 'number', description } })
  for (
    const [json, name, text] of [
      ['{"SEED":18446744073709551615}', 'SEED', '18446744073709551615'],
      ['{"SEED":"18446744073709551615"}', 'SEED', '18446744073709551615'],
      ['{"SEED":20.0}', 'SEED', '20'],
      ['{"SEED":2e1}', 'SEED', '20'],
      ['{"SEED":-0}', 'SEED', '0'],
      ['{"SEED":200e-1}', 'SEED', '20'],
      ['{"SEED":0.0e-7}', 'SEED', '0'],
      ['{"FACTOR":0.10}', 'FACTOR', '0.10'],
      ['{"FACTOR":1E-7}', 'FACTOR', '1E-7']
    ] as const
  ) t.equal(resolveEnv(numbers, sent(json)).plain[name], text, json)
  for (const json of ['{"SEED":1e21}', '{"SEED":1e+21}', '{"SEED":9007199254740993.0}']) {
    t.match(complaints(sent(json), numbers), [{ field: 'env.SEED', message: /send all its digits/ }], json)
  }
  // JavaScript takes them for integers.
  for (const text of ['2.0000000000000000001', '1e-400', '9007199254740992.5', '10e-2', '0.0000000000000000001']) {
    t.match(complaints(sent(`{"SEED":${text}}`), numbers), [{ field: 'env.SEED', message: 'must be integer' }], text)
  }
  for (const text of ['2.0000000000000000001', '2.0']) {
    t.match(complaints({ SEED: text }, numbers), [{ field: 'env.SEED', message: 'must be integer' }], `"${text}"`)
  }
  t.match(complaints(sent('{"SEED":1e999}'), numbers), [{ field: 'env.SEED', message: /integer/ }])
})

await t.test('the answer names the variable that violates the schema', async (t) => {
  for (
    const [given, message] of [
      [{ DURATION: 0 }, />= 1/],
      [{ DURATION: '3601' }, /<= 3600/],
      [{ DURATION: 1.5 }, /integer/],
      [{ DURATION: '' }, /integer/],
      [{ DURATION: ' 15' }, /integer/],
      [{ DURATION: '015' }, /integer/],
      [{ DURATION: '1e3' }, /integer/],
      [{ DURATION: '0x10' }, /integer/],
      [{ DURATION: '+15' }, /integer/],
      [{ DURATION: 'Infinity' }, /integer/],
      [{ DURATION: '9'.repeat(400) }, /integer/],
      [{ DURATION: Infinity }, /integer/],
      [{ DURATION: true }, /integer/],
      [{ FACTOR: '-1' }, />= 0/],
      [{ FACTOR: NaN }, /number/],
      [{ FLAG: 'yes' }, /boolean/],
      [{ FLAG: 1 }, /boolean/],
      [{ MODE: 'c' }, /a, b/],
      [{ NAME: 'A' }, /pattern/],
      [{ NAME: 'abcdef' }, /5 characters/],
      [{ NAME: 'a\0' }, /pattern/],
      [{ PASSWORD: 'short' }, /8 characters/]
    ] as const
  ) {
    const [name] = Object.keys(given)
    const errors = complaints(given)
    t.equal(errors[0]?.field, `env.${name}`, JSON.stringify(given).slice(0, 50))
    t.match(errors[0]?.message, message)
  }
})

await t.test('the answer names all wrong variables, and has no value', async (t) => {
  const errors = complaints({
    DURATION: 'hunter2',
    MODE: 'hunter2',
    NAME: 'HUNTER2',
    PASSWORD: 'hunter2',
    UNKNOWN: 'hunter2'
  })
  t.same(
    new Set(errors.map(({ field }) => field)),
    new Set(['env.UNKNOWN', 'env.DURATION', 'env.MODE', 'env.NAME', 'env.PASSWORD'])
  )
  t.notMatch(JSON.stringify(errors), /hunter2/i)
})

await t.test('an unknown variable is refused, for any name', async (t) => {
  for (
    const name of ['UNKNOWN', 'duration', 'PATH', 'constructor', 'toString', 'hasOwnProperty', '__proto__', 'a/b', '']
  ) {
    const given = Object.fromEntries([[name, 'x']])
    t.match(
      complaints(given),
      [{ field: `env.${name}`, message: 'is not among the variables of the template test' }],
      name
    )
  }
  t.equal(({} as Record<string, unknown>)['x'], undefined)
})

await t.test('a missing required variable is named', async (t) => {
  const strict = templateOf({
    A: { type: 'string', description },
    B: { type: 'integer', writeOnly: true, description }
  }, ['A', 'B'])
  t.same(complaints({}, strict), [{ field: 'env.A', message: 'is missing' }, { field: 'env.B', message: 'is missing' }])
})

await t.test('a value with a NUL character is refused', async (t) => {
  t.same(complaints({ TEXT: 'a\0b' }, templateOf({ TEXT: { type: 'string', description } })), [{
    field: 'env.TEXT',
    message: 'must not contain a NUL character'
  }])
})

await t.test('a value with half of a surrogate pair is refused: no program can get it', async (t) => {
  t.same(complaints({ TEXT: 'a\ud800b' }, templateOf({ TEXT: { type: 'string', description } })), [{
    field: 'env.TEXT',
    message: 'has half of a surrogate pair, which is not a character'
  }])
})

await t.test('a variable that Linux would not take is refused by its name, without its value', async (t) => {
  const text = templateOf({ TEXT: { type: 'string', description }, SECRET: { type: 'string', writeOnly: true, description } })
  // `TEXT=` and a NUL belong to it.
  const longest = 'x'.repeat(131_072 - 6)
  t.same(complaints({ TEXT: longest }, text), [])
  t.same(complaints({ TEXT: `${longest}x` }, text), [{
    field: 'env.TEXT',
    message: 'must not be longer than 131070 bytes with its name: Linux starts no program with it'
  }])
  t.match(complaints({ SECRET: 'ä'.repeat(65_600) }, text), [{ field: 'env.SECRET' }], 'bytes count, not characters')
})

await t.test('a value that makes something of the workload too long is refused by its name', async (t) => {
  const workload = {
    name: 'main',
    image: 'a',
    command: ['run', '--name=$(NAME)'],
    args: ['$(HOST)'],
    env: [
      { name: 'HOST', value: 'example.org' },
      { name: 'NAME', value: 'of the caller' },
      { name: 'URL', value: 'https://$(NAME)@$(HOST)/$$(NAME)' },
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }
    ]
  }
  const of = {
    ...templateOf({ NAME: { type: 'string', description }, BEFORE: { type: 'string', default: '', description } }),
    manifest: { spec: { template: { spec: { containers: [workload] } } } }
  }
  t.same(complaints({ NAME: 'x'.repeat(131_000) }, of), [])
  t.same(complaints({ NAME: 'x'.repeat(131_045) }, of), [{
    field: 'env.NAME',
    message: 'makes the variable URL longer than 131071 bytes: Linux starts no program with it'
  }])
  t.match(complaints({ NAME: 'x'.repeat(131_066) }, of), [{ message: /URL/ }, { message: /^makes an argument of the command/ }])
  t.same(complaints({ BEFORE: 'x'.repeat(131_060) }, of), [], 'nothing refers to it')
})

await t.test('a pattern that a value would keep busy for years is given up, and the variable is named', async (t) => {
  const slow = `${'a'.repeat(60)}!`
  const message = 'takes too long to compare with the pattern ^(a+)+$'
  const other = { type: 'string', pattern: '^b+$', default: 'b', description }
  const of = templateOf({ A: other, B: { type: 'string', pattern: '^(a+)+$', description } })
  t.same(complaints({ B: slow }, of), [{ field: 'env.B', message }])
  t.same(resolveEnv(of, { B: 'aaa' }).plain, { A: 'b', B: 'aaa' }, 'other values still work')
  t.match(complaints({ A: 'a' }, of), [{ field: 'env.A', message: 'must match pattern "^b+$"' }])
  for (const more of [{ patternProperties: { '^(a+)+$': {} } }, { propertyNames: { pattern: '^(a+)+$' } }]) {
    t.match(complaints({ [slow]: '1' }, { ...of, env: { ...of.env, ...more } }), [
      { field: `env.${slow}` },
      { field: `env.${slow}`, message }
    ])
  }
})

await t.test('a variable that has the name of something of every object is missing like others', async (t) => {
  for (const name of ['constructor', 'toString', 'valueOf']) {
    const of = templateOf({ [name]: { type: 'string', description } }, [name])
    t.same(complaints({}, of), [{ field: `env.${name}`, message: 'is missing' }])
    t.same(resolveEnv(templateOf({ [name]: { type: 'string', description } }), {}).plain, {})
    t.equal(Object.entries(resolveEnv(of, { [name]: 'a' }).plain).join(), `${name},a`)
  }
})
