import t from 'tap'
import { preferencesIn } from '../../../functions/result-fetch/preferences-in.ts'
import { prefersRedirect } from '../../../functions/result-fetch/results/redirect-to-store.ts'

const plain = (header: string | undefined): unknown =>
  [...preferencesIn(header)].map(([name, { value, parameters }]) => [name, value, Object.fromEntries(parameters)])

await t.test('preferences are read as RFC 7240 says', async (t) => {
  t.strictSame(plain(undefined), [])
  t.strictSame(plain('foo; bar'), [['foo', '', { bar: '' }]])
  t.strictSame(plain('Foo = 1 ; bar = "a, \\"b\\"; c" ;; X'), [['foo', '1', { bar: 'a, "b"; c', x: '' }]])
  t.strictSame(plain('a=1, A=2, b;x=1;x=2'), [['a', '1', {}], ['b', '', { x: '1' }]], 'the first one counts')
  t.strictSame(plain('a=, =b, c d, "e", f=(, g; =1; h=2'), [['g', '', { h: '2' }]], 'what is not valid is ignored')
  t.strictSame(plain('a="b" c, d="'), [])
  const long = preferencesIn(`a="${'\\'.repeat(8000)}${'; '.repeat(4000)}`)
  t.equal(long.size, 0)
})

await t.test('redirect is a preference of its own, without a value', async (t) => {
  const all: [string, boolean][] = [
    ['redirect', true],
    ['redirect=""', true],
    ['redirect = "" ; x=y', true],
    ['foo="a", REDIRECT', true],
    ['foo="a, redirect, b"', false],
    ['foo="a\\", redirect, b"', false],
    ['foo; bar="x, redirect"', false],
    ['foo="a, redirect', false],
    ['wait=1; redirect', false],
    ['redirect=no', false],
    ['redirect=no, redirect', false]
  ]
  for (const [prefer, expected] of all) t.equal(prefersRedirect({ method: 'GET', headers: { prefer } }), expected, prefer)
})
