import t from 'tap'
import { decodeText } from '../../../../shared/http/bodies/decode-text.ts'

await t.test('UTF-8 is decoded as it is', async (t) => {
  for (const text of ['', 'größer 🚗', '\uFEFFA=1', 'U+FFFD is a character: \uFFFD', '\0']) {
    t.equal(decodeText('body', Buffer.from(text)), text)
  }
})

await t.test('other bytes are refused with their place', async (t) => {
  for (
    const [bytes, message] of [
      [Buffer.from('größer', 'latin1'), 'byte 3, in line 1'],
      [Buffer.from([0xff, 0xfe, 0x41, 0x00]), 'byte 1, in line 1'],
      [Buffer.from([0x41, 0xc3]), 'byte 2, in line 1'],
      [Buffer.from([0xed, 0xa0, 0x80]), 'byte 1, in line 1'],
      [Buffer.from([0xef, 0xbf]), 'byte 3, in line 1'],
      [Buffer.concat([Buffer.from('ä\uFFFD\r\nb\rc\n\n'), Buffer.from([0x80, 0x0a])]), 'byte 13, in line 5']
    ] as const
  ) {
    t.match(t.throws(() => decodeText('env_file', bytes)), {
      problem: { status: 400, errors: [{ field: 'env_file', message: `is not UTF-8 text: ${message}` }] }
    })
  }
})
