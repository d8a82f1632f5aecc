import t from 'tap'
import { byName } from '../../../shared/results/result-entry.ts'

const inOrder = (names: string[]): string[] => names.map((name) => ({ name })).sort(byName).map(({ name }) => name)
const byBytes = (names: string[]): string[] =>
  names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

await t.test('names are in the order of their code points', async (t) => {
  const names = [
    '',
    'a',
    'a!b',
    'a+b/x',
    'a-b',
    'a..b/c',
    'a.txt',
    'a/b',
    'a/c/d',
    'ab',
    'Z',
    '\u00fc',
    '\ud7ff',
    // Below the emoji, although their UTF-16 units are above its surrogates.
    '\ue000',
    '\uffee',
    '\uffff',
    '\u{10000}',
    '🚗',
    '🚗a',
    '🚗🚗',
    '\u{10ffff}'
  ]
  t.strictSame(inOrder(names.toReversed()), byBytes(names))
  t.ok(names.indexOf('🚗') > names.indexOf('\uffff'))
})

await t.test('the order of any names is the order of their UTF-8 bytes', async (t) => {
  const signs = ['a', '/', '.', '\u007f', '\u0080', '\u07ff', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}']
  const names = signs.flatMap((one) => signs.flatMap((two) => [one, one + two, two + one + two]))
  t.strictSame(inOrder(names), byBytes(names))
  for (const name of signs) t.equal(byName({ name }, { name }), 0)
})
