import t from 'tap'
import type { ResultFile } from '../../page/api/shapes.ts'
import { partsOf } from '../../page/files/parts-of.ts'
import { baseName, resultPath } from '../../page/files/result-path.ts'
import { pixelsOf } from '../../page/preview/pixels-of.ts'
import { prettyJson } from '../../page/preview/pretty-json.ts'
import { isShownAtOnce, previewOf } from '../../page/preview/preview-of.ts'

await t.test('a file has parts without gaps', async (t) => {
  t.strictSame(partsOf(10, 4), [
    { index: 0, start: 0, end: 3 },
    { index: 1, start: 4, end: 7 },
    { index: 2, start: 8, end: 9 }
  ])
  t.strictSame(partsOf(8, 4).at(-1), { index: 1, start: 4, end: 7 })
  t.strictSame(partsOf(0), [])
})

t.equal(resultPath('id', 'a b/ü&c.txt'), '/job/id/result?file=a%20b%2F%C3%BC%26c.txt')
t.equal(baseName('a/b/c.txt'), 'c.txt')
t.equal(baseName('c.txt'), 'c.txt')

await t.test('which files can be looked at', async (t) => {
  const kindOf = (name: string, type: string, size = 10) =>
    previewOf({ name, size, content_type: type } as ResultFile)
  t.equal(kindOf('a.svg', 'image/svg+xml'), 'image')
  t.equal(kindOf('a.png', 'image/png', 30_000_000), undefined, 'too large')
  t.equal(kindOf('a.tiff', 'image/tiff'), undefined, 'browsers do not show it')
  t.equal(kindOf('a.mcap', 'application/octet-stream', 5e9), 'recording')
  t.equal(kindOf('a.json', 'application/json; charset=utf-8'), 'json')
  t.equal(kindOf('a.json', 'application/json', 3_000_000), 'text')
  t.equal(kindOf('a.html', 'text/html'), 'text', 'as its source')
  t.equal(kindOf('a.xosc', 'application/octet-stream'), 'text')
  t.equal(kindOf('a.bin', 'application/octet-stream'), undefined)
  t.equal(kindOf('a.txt', 'text/plain', 0), undefined, 'there is nothing to see')
})

await t.test('only pictures that cannot grow much are shown without being asked for', async (t) => {
  const isShown = (type: string, size = 10) => isShownAtOnce({ name: 'a', size, content_type: type } as ResultFile)
  t.ok(isShown('image/png') && isShown('image/jpeg; x=1'))
  t.notOk(isShown('image/svg+xml'), 'ten lines of it can take a browser for ever')
  t.notOk(isShown('image/png', 2_000_000) || isShown('image/png', 0) || isShown('image/webp') || isShown('text/plain'))
})

await t.test('the pixels of a picture are known before it is decoded', async (t) => {
  const png = Buffer.from('89504e470d0a1a0a0000000d4948445200004e2000002710080000000049454e44', 'hex')
  t.equal(pixelsOf(png), 20_000 * 10_000)
  const jpeg = Buffer.from('ffd8ffe00004aabbffc40003ccffc2000b08ffff00100301110000', 'hex')
  t.equal(pixelsOf(jpeg), 65_535 * 16, 'the segments before the frame are skipped')
  for (const other of ['', 'ffd8', '89504e47', 'ffd8ffe000040000', 'ffd8ffe000000000aaaa00000000000000', '474946383961']) {
    t.equal(pixelsOf(Buffer.from(other, 'hex')), undefined, other)
  }
})

await t.test('JSON is laid out, and every value stays as it was written', async (t) => {
  t.equal(
    prettyJson('{"a":[1.10,9007199254740993,{ }],"b" : "x,{}:[\\"]", "c":[ ]}'),
    '{\n  "a": [\n    1.10,\n    9007199254740993,\n    {}\n  ],\n  "b": "x,{}:[\\"]",\n  "c": []\n}'
  )
  t.equal(prettyJson('{"a":'), '{"a":', 'what is no JSON stays as it is')
  t.equal(prettyJson(' [ true,null , -1.5e3 ] '), '[\n  true,\n  null,\n  -1.5e3\n]')
})

await t.test('JSON whose layout would be far longer than itself stays as it is', async (t) => {
  const nested = (depth: number, inner: string): string => '['.repeat(depth) + inner + ']'.repeat(depth)
  t.match(prettyJson(nested(100, '1')), /^\[\n {2}\[/)
  // Not t.equal, which would print them.
  for (const text of [nested(101, '1'), nested(10_000, ''), nested(90, `[${'1,'.repeat(100_000)}1]`)]) {
    t.ok(prettyJson(text) === text, `${text.length} characters`)
  }
})
