import t from 'tap'
import { parseDotenv } from '../../../../functions/deploy/intake/parse-dotenv.ts'
import type { ProblemError } from '../../../../shared/http/problem.ts'

/** A variable as the shell has it, which is no part of a template here. */
const BRACED = ['$', '{B}'].join('')

const good: [string, string, Record<string, string>][] = [
  ['an empty file', '', {}],
  ['a plain line', 'DURATION=15', { DURATION: '15' }],
  ['an empty value', 'A=\nB= \nC=""\nD=\'\'', { A: '', B: '', C: '', D: '' }],
  ['spaces around name and value', '  A = b c  \n\tB\t=\tc', { A: 'b c', B: 'c' }],
  ['blank lines and comments', '# a\n\n   # b = c\nA=1\n#', { A: '1' }],
  ['a comment after a value', 'A=b # c\nB=b #\nC=b ## "c"', { A: 'b', B: 'b', C: 'b' }],
  ['a # without a space before it', 'A=b#c\nB=#\nCOLOR=#ff8800\nD=# c', {
    A: 'b#c',
    B: '#',
    COLOR: '#ff8800',
    D: '# c'
  }],
  ['Windows line ends', 'A=1\r\nB=2\r\n', { A: '1', B: '2' }],
  ['a byte order mark', '\uFEFFA=1', { A: '1' }],
  ['more than one =', 'A=b=c==', { A: 'b=c==' }],
  ['export', 'export A=b\n  export\tB = c # d\nexport=e', { A: 'b', B: 'c', export: 'e' }],
  ['single quotes keep every character', 'A=\'a # "b" \\n $C\'  # end', { A: 'a # "b" \\n $C' }],
  ['double quotes have two escapes', 'A="a\\nb\\rc # d" # end', { A: 'a\nb\rc # d' }],
  ['other backslashes stay', 'A="C:\\dir \\d+"\nB=C:\\new\\\\', { A: 'C:\\dir \\d+', B: 'C:\\new\\\\' }],
  ['spaces in quotes are kept', 'A=" b "\nB=\' c \'', { A: ' b ', B: ' c ' }],
  ['nothing is expanded', `A=$B $(C) 'd' \\n ~ ${BRACED}`, { A: `$B $(C) 'd' \\n ~ ${BRACED}` }],
  ['a quote that is not the first character', 'A=it\'s\nB=5" pipe', { A: "it's", B: '5" pipe' }],
  [
    'several lines in quotes, and the lines after them',
    'KEY="-----BEGIN KEY-----\nb+/=\n# no comment\n\n-----END KEY-----\n" # end\nA=\'1\n"2"\'\nB=3',
    { KEY: '-----BEGIN KEY-----\nb+/=\n# no comment\n\n-----END KEY-----\n', A: '1\n"2"', B: '3' }
  ],
  ['every kind of character in a name', '_a1Z=1\nA_=2', { _a1Z: '1', A_: '2' }],
  ['text of any language', 'A=größer 🚗', { A: 'größer 🚗' }],
  [
    'names of object properties in JavaScript',
    'constructor=1\ntoString=2\nhasOwnProperty=3',
    { constructor: '1', toString: '2', hasOwnProperty: '3' } as unknown as Record<string, string>
  ],
  [
    'the file of the prototype',
    '# CARLA\nDURATION=15\nCARLA_EXAMPLE=automatic_control\nSDL_VIDEODRIVER=dummy\nDISPLAY=:1\nSAVE_RESULTS=\nRESULT_DIR=rosbag\n',
    {
      DURATION: '15',
      CARLA_EXAMPLE: 'automatic_control',
      SDL_VIDEODRIVER: 'dummy',
      DISPLAY: ':1',
      SAVE_RESULTS: '',
      RESULT_DIR: 'rosbag'
    }
  ]
]

for (const [name, text, expected] of good) {
  await t.test(name, async (t) => t.same({ ...parseDotenv(text) }, { ...expected }))
}

await t.test('the name __proto__ is a normal name and changes no object', async (t) => {
  const values = parseDotenv('__proto__=polluted')
  t.same(Object.entries(values), [['__proto__', 'polluted']])
  t.equal(Object.getPrototypeOf(values), Object.prototype)
})

/** The errors for a text; empty when it can be parsed. */
function complaints (text: string): { field: string, message: string }[] {
  try {
    parseDotenv(text)
  } catch (error) {
    const { problem } = error as ProblemError
    t.match(problem, { type: 'urn:gx4ki:problem:invalid-request', status: 400 })
    t.ok(problem.detail.includes(problem.errors![0]!.field))
    return problem.errors!
  }
  return []
}

await t.test('the answer has the number of every bad line', async (t) => {
  const errors = complaints([
    'GOOD=1',
    'hidden value',
    '# comment',
    'export A',
    '=hidden',
    '1A=hidden',
    'A-B=hidden',
    "C='good",
    "lines' # comment",
    'D="hidden" hidden',
    'GOOD=hidden',
    'F=hid\0den',
    'A B=hidden',
    'Ä=hidden',
    'G= # hidden',
    'H="hid\\tden"',
    'I=hid\rden',
    'J=\u00a0hidden',
    'K="hidden',
    'L=hidden'
  ].join('\n'))
  t.same(errors.map(({ field }) => field), [2, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((line) =>
    `line ${line}`))
  const messages = errors.map(({ message }) => message)
  t.match(messages, [
    /NAME=value/,
    /NAME=value/,
    /name/,
    /name/,
    /name/,
    /after the closing quote.*D/,
    /GOOD a second time, after line 1/,
    /NUL.*F/,
    /name/,
    /name/,
    /#.*single quotes \(G\).*JSON/,
    /escape.*single quotes.*H/,
    /carriage return.*I/,
    /white space.*J/,
    /without a closing quote.*K/
  ])
  t.notMatch(messages.join(), /hid/, 'no message has a value')
})

await t.test('lines are counted alike for both line ends, also after a value of several lines', async (t) => {
  for (const end of ['\n', '\r\n']) {
    t.same(complaints(['\uFEFFA=1', '', 'B="2\n3"', 'bad', 'C=4', 'bad'].join(end)).map(({ field }) => field), [
      'line 5',
      'line 7'
    ])
  }
})

await t.test('a construct that is read alone is refused where fewer than three tools agree on both', async (t) => {
  for (
    const text of [
      'A=$B # c',
      'export A=$B',
      'A= $B',
      `A = ${BRACED}`,
      `A=${BRACED}#c`,
      'A=b#c # d',
      'A=`b` # c',
      'export A=b#c',
      'A="$B"',
      'A="b\r\nc"',
      'A="b\rc"',
      'A=\'b\\\'c\''
    ]
  ) t.same(complaints(text).map(({ field }) => field), ['line 1'], text)
})

await t.test('a duplicate name is refused, even with the same value', async (t) => {
  t.same(complaints('A=1\nA=1').map(({ field }) => field), ['line 2'])
})

await t.test('a text of the maximum size is parsed in linear time', async (t) => {
  const size = 1024 * 1024 - 10
  for (const filler of [' ', 'x', '#', '"', "'", '\\', ' #', '\t', '\r', '\n', 'A="\n', "A='\n", '$', 'A\n']) {
    const run = filler.repeat(size / filler.length)
    for (const text of [`A=x${run}y`, `A="${run}"`, `A='${run}'`, `A="${run}" y`, `${run}=y`, `A=${run}`]) {
      try {
        t.ok(parseDotenv(text))
      } catch (error) {
        t.match(error, { problem: { status: 400 } }, `${text.slice(0, 5)}…`)
      }
    }
  }
})

await t.test('a file has at most a thousand variables', (t) => {
  const lines = (count: number): string => Array.from({ length: count }, (_, at) => `V${at}=x\n`).join('')
  t.equal(Object.keys(parseDotenv(lines(1000))).length, 1000)
  t.throws(() => parseDotenv(lines(1001)), /line 1001 is too much: a file has at most 1000 variables/)
  t.throws(() => parseDotenv(lines(100_000)), /line 1001 is too much/)
  t.end()
})
