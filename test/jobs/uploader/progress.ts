import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { estimateRest } from '../../../jobs/uploader/estimate-rest.ts'
import { parseProgress } from '../../../jobs/uploader/parse-progress.ts'
import { reportProgress } from '../../../jobs/uploader/report-progress.ts'
import { scanResults } from '../../../jobs/uploader/scan-results.ts'
import { poll } from '../../support/poll.ts'

await t.test('a report is a percentage, and perhaps a message', async (t) => {
  for (
    const [text, percent, message] of [
      ['42', 42, null],
      ['42\n', 42, null],
      ['42%', 42, null],
      ['42 %  driving, 100 m\r\nand more\n', 42, 'driving, 100 m'],
      ['  7.26 x', 7.3, 'x'],
      ['0', 0, null],
      ['100 done', 100, 'done'],
      ['5 größer', 5, 'größer'],
      ['5 a\u001b[31mb', 5, 'a\\x1b[31mb']
    ] as const
  ) t.strictSame(parseProgress(Buffer.from(text)), { percent, message }, JSON.stringify(text))
  for (const text of ['', '\n', 'x', '101', '-1', '1e1', '42driving', '1000', '\0']) {
    t.equal(parseProgress(Buffer.from(text)), undefined, JSON.stringify(text))
  }
  t.equal(parseProgress(Buffer.from(`1 ${'x'.repeat(1000)}`))!.message!.length, 200)
})

await t.test('a message has up to 200 whole characters, and only bytes that are not UTF-8 are replaced', async (t) => {
  const messageOf = (...parts: (string | number[])[]): string | null =>
    parseProgress(Buffer.concat(['1 ', ...parts].map((part) => Buffer.from(part as string))))!.message
  t.equal(messageOf('🚗'.repeat(200)), '🚗'.repeat(200))
  t.equal(messageOf('x', '🚗'.repeat(250)), `x${'🚗'.repeat(199)}`)
  t.equal(messageOf('größer 🚗 ', [0xff], ' 日本 ', [0xe6, 0x97]), 'größer 🚗 \\xff 日本 \\xe6\\x97')
  t.equal(messageOf('\uFFFD 🚗'), '\uFFFD 🚗')
  t.equal(messageOf('ü', [0xff, 0x0a], 'ü'), 'ü\\xff')
  const cut = Buffer.from(`1 ab${'🚗'.repeat(300)}`).subarray(0, 1023)
  t.equal(parseProgress(cut)!.message, `ab${'🚗'.repeat(198)}`)
  for (const bad of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe0, 0x80, 0x80], [0xf8]]) {
    const escaped = bad.map((byte) => `\\x${byte.toString(16)}`).join('')
    t.equal(messageOf('é', bad, 'é'), `é${escaped}é`, 'what only looks like UTF-8')
  }
})

await t.test('what is left is estimated from the pace since the first report', async (t) => {
  const first = { percent: 20, at: 1000 }
  t.equal(estimateRest(first, { percent: 30, at: 11_000 }), 70)
  t.equal(estimateRest(first, { percent: 99.9, at: 81_000 }), 0)
  t.equal(estimateRest(first, first), null)
  t.equal(estimateRest(first, { percent: 20, at: 9000 }), null)
  t.equal(estimateRest(first, { percent: 100, at: 1000 }), 0)
})

await t.test('reports are sent when there is something new, with a pause', async (t) => {
  const folder = t.testdir({})
  const over = new AbortController()
  const told: [number, object][] = []
  let phase: 'running' | 'ended' = 'running'
  const pauseMs = 400
  let hasEnded = false
  reportProgress({
    folder,
    pauseMs,
    lookMs: 5,
    ask: async (_method, route, content) => {
      t.equal(route, 'progress')
      told.push([performance.now(), content])
      return { status: 204, body: undefined }
    },
    end: { phase: () => phase, over: over.signal }
  }).then(() => { hasEnded = true }, t.error)
  const file = join(folder, '.gx4ki-progress')
  mkdirSync(file)
  rmSync(file, { recursive: true })
  symlinkSync('/etc/hostname', file)
  rmSync(file)
  writeFileSync(file, '10 begin\n')
  await poll('the first report', () => told.length === 1)
  for (let percent = 11; percent <= 30; percent++) {
    writeFileSync(file, `${percent} on\n`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await poll('the last report', () => (told.at(-1)![1] as { percent: number }).percent === 30)
  t.strictSame(told[0]![1], { percent: 10, message: 'begin', remaining_seconds: null })
  t.match(told.at(-1)![1], { percent: 30, message: 'on', remaining_seconds: Number })
  // One more than fit, because a report may be noticed late here.
  const most = (told.at(-1)![0] - told[0]![0]) / pauseMs + 1
  t.ok(told.length - 1 <= most, `${told.length} reports; between the first and the last one fit ${most} pauses`)
  phase = 'ended'
  // Nothing else keeps the process up.
  await poll('it ends with the workload', () => hasEnded)
})

await t.test('the file is never a result', async (t) => {
  const folder = t.testdir({ '.gx4ki-progress': '1', a: { '.gx4ki-progress': 'another', b: 'x' } })
  const { files } = await scanResults(folder, { final: true })
  t.strictSame(files.map(({ name }) => name).sort(), ['a/.gx4ki-progress', 'a/b'])
})
