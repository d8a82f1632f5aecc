import t from 'tap'
import { LONGEST_LINE, logWindow, type LogWindow } from '../../../../functions/job-watch/log/log-window.ts'

const MEMORY = 100 * 1024 * 1024
const memory = { left: MEMORY }

/** All lines from a place on, and how many were skipped. */
function readAll (window: LogWindow, from = window.first()) {
  let at = from
  let [text, skipped] = ['', 0]
  const places = []
  for (let lines = window.read(at); lines !== undefined; lines = window.read(at)) {
    text += lines.bytes.toString()
    skipped += lines.skipped
    places.push(lines.end)
    at = { offset: lines.end.offset, line: lines.line }
  }
  return { text, skipped, places, at }
}

const numbered = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, index) => `line ${from + index}\n`).join('')

await t.test('lines come out as they came in, in whatever pieces', async (t) => {
  const text = `one\n\ngrößer\r\n${numbered(5000)}end without newline`
  const bytes = Buffer.from(text)
  for (const size of [1, 7, 1000, 65536, bytes.length]) {
    const window = logWindow(memory)
    for (let at = 0; at < bytes.length; at += size) window.add(bytes.subarray(at, at + size))
    t.equal(readAll(window).text, text.slice(0, -'end without newline'.length), 'an unfinished line is not read')
    t.equal(window.size(), bytes.length)
    window.finish()
    t.equal(readAll(window).text, text, `pieces of ${size}`)
    t.equal(window.lines(), 5004)
    window.close()
  }
  t.equal(memory.left, MEMORY, 'all memory is given back')
})

await t.test('a reader finds its place again, also in another window that was filled in other pieces', async (t) => {
  const text = numbered(30_000)
  const [one, other] = [logWindow(memory), logWindow(memory)]
  one.add(Buffer.from(text))
  for (let at = 0; at < text.length; at += 999) other.add(Buffer.from(text.slice(at, at + 999)))
  const { places } = readAll(one)
  t.ok(places.length > 3)
  for (const place of places) {
    const found = other.find(place)!
    t.equal(found.offset, place.offset)
    t.equal(readAll(other, found).text, text.slice(place.offset))
    t.equal(readAll(other, found).skipped, 0)
  }
  t.equal(other.find({ offset: places[0]!.offset, mark: 1 }), undefined, 'the bytes before it are others')
})

await t.test('a place is found by the bytes before it, when the log was cut at its begin', async (t) => {
  const text = numbered(10_000)
  const whole = logWindow(memory)
  whole.add(Buffer.from(text))
  const place = readAll(whole).places[0]!
  const cut = text.indexOf('line 3000\n')
  const rotated = logWindow(memory)
  rotated.add(Buffer.from(text.slice(cut)))
  t.equal(readAll(rotated, rotated.find(place)!).text, text.slice(place.offset))
  const kept = logWindow(memory, cut)
  kept.add(Buffer.from(text.slice(cut)))
  t.equal(kept.find(place)!.offset, place.offset)
  t.equal(readAll(kept).skipped, 1, 'that it is not the begin is said')
})

await t.test('a log that repeats itself has no place that could be another one', async (t) => {
  const text = 'the same\n'.repeat(100_000)
  const whole = logWindow(memory)
  whole.add(Buffer.from(text))
  const place = readAll(whole).places[0]!
  t.match(whole.find(place), { offset: place.offset })
  const small = logWindow({ left: 100_000 })
  for (let at = 0; at < text.length; at += 9000) small.add(Buffer.from(text.slice(at, at + 9000)))
  t.equal(small.find(place), undefined, 'the place has left the window')
  const { text: rest, skipped } = readAll(small, small.afterGap())
  t.ok(skipped > 0 && rest.length > 80_000, 'so it goes on where the window begins')
  const rotated = logWindow(memory)
  rotated.add(Buffer.from(text.slice(0, 9000)))
  t.equal(rotated.find(readAll(whole).places.at(-1)!), undefined, 'in another file it may be any line')
})

await t.test('a search looks at the last lines only', async (t) => {
  const window = logWindow(memory)
  window.add(Buffer.from(numbered(100_000)))
  const { places, at: { offset } } = readAll(window)
  const moved = (place: { mark: number }): { offset: number, mark: number } => ({ ...place, offset: offset + 1 })
  t.equal(window.find(moved(places[0]!)), undefined)
  t.match(window.find(moved(places.at(-2)!)), { offset: places.at(-2)!.offset })
})

await t.test('a line without an end is cut into lines, and no character is', async (t) => {
  const window = logWindow(memory)
  const long = 'ä'.repeat(LONGEST_LINE)
  window.add(Buffer.from(`a\n${long}`))
  window.add(Buffer.from(`${long}\nb\n`))
  const parts: string[] = []
  let at = window.first()
  for (let lines = window.read(at); lines !== undefined; lines = window.read(at)) {
    parts.push(lines.bytes.toString())
    t.ok(lines.bytes.length <= LONGEST_LINE)
    at = { offset: lines.end.offset, line: lines.line }
  }
  t.equal(parts.join(''), `a\n${long}${long}\nb\n`)
  t.notOk(parts.some((part) => part.includes('\ufffd')))
  t.equal(window.lines(), 7)
})

await t.test('a window keeps at most its share of the memory, and says how many lines are left out', async (t) => {
  const small = { left: 1024 * 1024 }
  const window = logWindow(small)
  const reader = { offset: 0, line: 0 }
  for (let block = 0; block < 100; block++) window.add(Buffer.from(numbered(10_000, block * 10_000)))
  t.ok(small.left >= 0)
  const { text, skipped } = readAll(window, reader)
  const first = Number(/^line (\d+)/.exec(text)![1])
  t.equal(skipped, first, 'exactly the lines before')
  t.equal(text, numbered(1_000_000 - first, first))
  t.equal(readAll(window, window.last(3)).text, numbered(3, 999_997))
  t.equal(readAll(window, window.last(0)).text, '')
})

await t.test('after a gap, a reader is told', async (t) => {
  const window = logWindow(memory)
  window.add(Buffer.from('a\nb\n'))
  const { at } = readAll(window)
  window.gap()
  window.add(Buffer.from('x\n'))
  t.match(readAll(window, at), { text: 'x\n', skipped: 1 })
})
