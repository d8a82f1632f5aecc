import t from 'tap'
import { selectBytes, type Selection } from '../../../shared/http/select-bytes.ts'

const whole: Selection = { status: 200 }
const part = (start: number, end: number): Selection => ({ status: 206, start, end })

const selections: [string | undefined, number, Selection][] = [
  [undefined, 100, whole],
  // RFC 9110 14.1.2
  ['bytes=0-0', 100, part(0, 0)],
  ['bytes=0-49', 100, part(0, 49)],
  ['bytes=50-', 100, part(50, 99)],
  ['bytes=0-', 100, part(0, 99)],
  ['bytes=99-99', 100, part(99, 99)],
  ['bytes=90-1000', 100, part(90, 99)],
  [`bytes=0-${'9'.repeat(400)}`, 100, part(0, 99)],
  ['bytes=-1', 100, part(99, 99)],
  ['bytes=-100', 100, part(0, 99)],
  ['bytes=-1000', 100, part(0, 99)],
  [`bytes=-${'9'.repeat(400)}`, 100, part(0, 99)],
  ['BYTES=1-2', 100, part(1, 2)],
  ['bytes= 1-2 ', 100, part(1, 2)],
  ['bytes=5368709120-5368709121', 2 ** 40, part(5368709120, 5368709121)],
  // 14.2: an unknown unit is ignored; several ranges may be ignored
  ['lines=1-2', 100, whole],
  ['bytes', 100, whole],
  ['', 100, whole],
  ['bytes=0-1,5-6', 100, whole],
  ['bytes=9-2,0-1', 100, whole],
  // The last byte of an empty file selects the whole file
  ['bytes=-1', 0, whole],
  [undefined, 0, whole]
]

for (const [range, size, expected] of selections) {
  await t.test(`${range?.slice(0, 80)} of ${size} bytes`, async (t) => t.same(selectBytes(range, size), expected))
}

await t.test('an unsatisfiable range gives the size of the file', async (t) => {
  for (
    const [range, size] of [
      ['bytes=100-', 100],
      ['bytes=100-200', 100],
      ['bytes=9-2', 100],
      ['bytes=-0', 100],
      ['bytes=-', 100],
      ['bytes=', 100],
      ['bytes=a-b', 100],
      ['bytes=1', 100],
      ['bytes=1-2-3', 100],
      ['bytes=--1', 100],
      ['bytes=1.5-2', 100],
      [`bytes=${'9'.repeat(400)}-`, 100],
      ['bytes=0-', 0],
      ['bytes=0-0', 0],
      ['bytes=-0', 0]
    ] as const
  ) {
    t.match(t.throws(() => selectBytes(range, size)), {
      problem: { type: 'urn:gx4ki:problem:range-not-satisfiable', status: 416, errors: [{ field: 'Range' }] },
      headers: { 'content-range': `bytes */${size}` }
    }, range.slice(0, 20))
  }
})

await t.test('every range of a small file selects the same bytes as a slice', async (t) => {
  const bytes = [...'abcdef']
  for (let first = 0; first < 6; first++) {
    for (let last = first; last < 9; last++) {
      const selection = selectBytes(`bytes=${first}-${last}`, 6) as Extract<Selection, { status: 206 }>
      t.same(bytes.slice(selection.start, selection.end + 1), bytes.slice(first, last + 1), `${first}-${last}`)
    }
    const suffix = selectBytes(`bytes=-${first + 1}`, 6) as Extract<Selection, { status: 206 }>
    t.same(bytes.slice(suffix.start, suffix.end + 1), bytes.slice(-first - 1))
  }
})
