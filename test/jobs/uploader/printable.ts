import t from 'tap'
import { printable } from '../../../jobs/uploader/printable.ts'

for (
  const [name, shown] of [
    ['Größe 😀 データ.csv', 'Größe 😀 データ.csv'],
    ['a\nb\tc\0d\x7f', 'a\\x0ab\\x09c\\x00d\\x7f'],
    ['back\\slash', 'back\\slash'],
    ['\u2028 \u202e \u0085', '\\xe2\\x80\\xa8 \\xe2\\x80\\xae \\xc2\\x85'],
    [Buffer.from('Grö\n', 'latin1'), 'Gr\\xf6\\x0a'],
    [Buffer.from('Größe'), 'Größe'],
    [Buffer.concat([Buffer.from('ö😀'), Buffer.from([0xff]), Buffer.from('é')]), 'ö😀\\xffé'],
    [Buffer.from([0x61, 0xff, 0x80, 0xc3]), 'a\\xff\\x80\\xc3'],
    ['', '']
  ] as const
) {
  await t.test(`a name is shown as "${shown}"`, async (t) => {
    t.equal(printable(name), shown)
    t.equal(printable(printable(name)), shown, 'and once more as the same')
  })
}

await t.test('a long name is cut in the middle to what every message takes', async (t) => {
  for (const name of ['x'.repeat(5000), '\n'.repeat(5000), '😀'.repeat(5000), Buffer.alloc(5000, 0xff)]) {
    const shown = printable(name)
    t.ok(shown.length < 400)
    t.match(shown, /….{90,}$/s)
    t.equal(printable(shown), shown)
    t.ok(shown.isWellFormed())
  }
  t.equal(printable('x'.repeat(300)), 'x'.repeat(300))
  t.not(printable('x'.repeat(500) + '1'), printable('x'.repeat(500) + '2'), 'two files stay two')
})
