import t from 'tap'
import { contentDisposition } from '../../../shared/http/content-disposition.ts'

const table: [string, string, string][] = [
  ['drive.mcap', 'drive.mcap', 'drive.mcap'],
  ['a/b/c.txt', 'c.txt', 'c.txt'],
  ['Übung größe.txt', '_bung gr__e.txt', '%C3%9Cbung%20gr%C3%B6%C3%9Fe.txt'],
  ['say "hi".txt', 'say _hi_.txt', 'say%20%22hi%22.txt'],
  ['back\\slash', 'back_slash', 'back%5Cslash'],
  ['100%41.txt', '100_41.txt', '100%2541.txt'],
  ["it's (1)*.txt", "it's (1)*.txt", 'it%27s%20%281%29%2A.txt'],
  ['a+b#c;d,e', 'a+b#c;d,e', 'a%2Bb%23c%3Bd%2Ce'],
  ['🚗', '__', '%F0%9F%9A%97'],
  ['x\r\nset-cookie: a', 'x__set-cookie: a', 'x%0D%0Aset-cookie%3A%20a']
]

await t.test('the header has a plain name for old clients and the exact name for all others', async (t) => {
  for (const [name, plain, encoded] of table) {
    t.equal(contentDisposition(name), `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`, name)
  }
})

await t.test('the header can be sent, holds only what RFC 8187 allows, and decodes to the name', async (t) => {
  for (const [name] of table) {
    const header = contentDisposition(name)
    t.equal(new Headers({ 'content-disposition': header }).get('content-disposition'), header)
    const [, encoded] =
      /^attachment; filename="[^"\\]*"; filename\*=UTF-8''([A-Za-z0-9!#$&+\-.^_`|~%]+)$/.exec(header) ?? []
    t.equal(decodeURIComponent(encoded!), name.split('/').at(-1))
  }
})
