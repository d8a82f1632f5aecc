import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import { fits } from '../../cli/download/select-files.ts'
import { refusedName } from '../../cli/download/refused-name.ts'
import { networkReason } from '../../cli/api/network-reason.ts'
import { envExample } from '../../cli/job/env-example.ts'
import { bytesText, durationText } from '../../shared/words/amounts.ts'
import { fitColumns } from '../../cli/show/fit-columns.ts'
import { printable, printableLines } from '../../shared/words/printable.ts'
import { table } from '../../cli/show/table.ts'
import { readDotenv } from '../../shared/dotenv/read-dotenv.ts'
import { jobApi, viewOf } from '../support/job-api.ts'
import { gx4kiAt } from '../support/run-gx4ki.ts'

await t.test('amounts have few digits', async (t) => {
  const sizes: [number, string][] = [[0, '0 B'], [999, '999 B'], [1000, '1.0 kB'], [99_949, '99.9 kB'], [100_000, '100 kB'], [999_499, '999 kB'], [999_500, '1.0 MB'], [1.2e9, '1.2 GB'], [5e15, '5000 TB']]
  for (const [bytes, text] of sizes) t.equal(bytesText(bytes), text)
  const times: [number, string][] = [[-5, '0s'], [59_400, '59s'], [61_000, '1m 1s'], [3_600_000, '1h 0m'], [90_000_000, '1d 1h']]
  for (const [ms, text] of times) t.equal(durationText(ms), text)
})

t.equal(printable('a\u001b[2Jb\nc\u202ed\u0085'), 'a\\x1b[2Jb\\x0ac\\u202ed\\x85', 'a name cannot control a terminal')
t.equal(printableLines('\u001b[31mred\u001b[0m\t\u001b]0;x\u0007\r\nb\rc'), '\u001b[31mred\u001b[0m\t\\x1b]0;x\\x07\r\nb\\x0dc')

t.equal(table({ isTerminal: false }, ['A', 'B'], [['1', '22'], ['333', '']]), '1\t22\n333\t\n')
t.equal(table({ isTerminal: true }, ['A', 'B'], [['1', '22'], ['333', '']]), 'A    B\n1    22\n333\n')

await t.test('columns line up by what a terminal shows', async (t) => {
  const rows = [['日本語', '1'], ['e\u0301a', '2'], ['🚗', '3'], ['\u1112\u1161\u11ab', '4'], ['abcdef', '5']]
  t.equal(table({ isTerminal: true }, ['A', 'B'], rows), [
    'A       B', '日本語  1', 'e\u0301a      2', '🚗      3', '\u1112\u1161\u11ab      4', 'abcdef  5', ''
  ].join('\n'))
  const many = Array.from({ length: 200_000 }, () => ['a', 'b'])
  t.equal(table({ isTerminal: true }, ['A', 'B'], many).length, 5 * 200_001, 'however many rows there are')
})

t.equal(printable('a\u200fb\u061cc\u2028'), 'a\\u200fb\\u061cc\\u2028')
t.equal(printableLines('a\u200eb\u2028\n'), 'a\\u200eb\\u2028\n')

await t.test('names that only Windows takes for another file', async (t) => {
  for (const name of ['aux', 'a/COM9.tar.gz', 'lpt¹', 'conin$', 'x.', 'x /y', 'nul .txt']) t.type(refusedName(name, 'linux'), 'string', name)
  for (const name of ['ab:c', 'a?', 'a*', 'a"b', 'a|b']) {
    t.equal(refusedName(name, 'linux'), undefined, name)
    t.type(refusedName(name, 'win32'), 'string', name)
  }
  for (const name of ['auxiliary', 'com', 'com10', '.hidden', 'a b', 'ü', 'a/b.c']) t.equal(refusedName(name, 'win32'), undefined, name)
})

await t.test('patterns', async (t) => {
  const all: [string, string, boolean][] = [
    ['a.b', 'a.b', true], ['axb', 'a.b', false], ['a/b', '*', false], ['a/b', '**', true], ['b', '**/b', true],
    ['a/c/b', '**/b', true], ['a/xb', '**/b', false], ['[x]', '[x]', true], ['x', '[x]', false], ['ü', '?', true],
    ['a\nb', '*', true], ['a*b', 'a*b', true], ['dir/a', 'dir/*', true], ['dir/a/b', 'dir/*', false], ['dir/a/b', 'dir/**', true]
  ]
  for (const [name, pattern, expected] of all) t.equal(fits(name, pattern), expected, `${name} ${pattern}`)
})

await t.test('errors of the network', async (t) => {
  const failed = (cause: unknown): TypeError => new TypeError('fetch failed', { cause })
  const coded = (code: string): Error => Object.assign(new Error('x'), { code })
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'EAI_AGAIN', 'UND_ERR_SOCKET']) {
    t.equal(networkReason(failed(coded(code))).isTemporary, true, code)
  }
  t.equal(networkReason(failed(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).isTemporary, true)
  t.equal(networkReason(new TypeError('terminated')).isTemporary, true)
  for (const code of ['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'HPE_INVALID_CONSTANT']) {
    t.strictSame(networkReason(failed(coded(code))), { reason: `x (${code})`, isTemporary: false })
  }
})

await t.test('the example of a dotenv file is one', async (t) => {
  const properties = {
    A: { description: 'first', default: 'a # b\nc' },
    B: { description: 'second\nline' },
    C: { description: 'third', writeOnly: true },
    D: { description: 'fourth', default: 1.5 },
    E: { description: 'fifth', default: 'it\'s "quoted"' }
  }
  const text = envExample({ name: 'x', description: '', warnings: [], env: { properties, required: ['B', 'C'] } })
  t.match(text, /# second\\x0aline \(required\)\nB=\n/)
  t.match(text, /# third \(required, secret\)\nC=\n/)
  t.strictSame(readDotenv(text).errors, [])
  const filled = readDotenv(text.replaceAll(/^# (?=[A-Z]=|c')/gm, '')).variables
  t.equal(filled.get('A')?.value, 'a # b\nc')
  t.equal(filled.get('D')?.value, '1.5')
  t.equal(filled.get('E')?.value, 'it\'s "quoted"')
})

await t.test('a line is cut by what is seen of it', async (t) => {
  const fits: [string, number, string, number][] = [
    ['abc', 3, 'abc', 3],
    ['abcd', 3, 'abc', 3],
    ['\u001b[32m✓ done\u001b[0m', 6, '\u001b[32m✓ done\u001b[0m', 6],
    ['\u001b[32m✓ done\u001b[0m', 3, '\u001b[32m✓ d\u001b[0m', 3],
    ['\u001b[1mab\u001b[0m cd', 4, '\u001b[1mab\u001b[0m c', 4],
    ['🚗🚗🚗', 5, '🚗🚗', 4],
    ['日本語', 4, '日本', 4],
    ['\u{20bb7}x', 3, '\u{20bb7}x', 3],
    ['u\u0308u\u0308u\u0308', 2, 'u\u0308u\u0308', 2],
    ['█░ 5 %', 3, '█░ ', 3],
    ['abc', 0, '', 0]
  ]
  for (const [line, columns, text, width] of fits) {
    t.strictSame(fitColumns(line, columns), { text, width }, JSON.stringify(line))
  }
})

await t.test('the line of a job stays one line on a terminal of any width', async (t) => {
  const api = await jobApi(t)
  let asked = 0
  api.instead = (_request, response) => {
    api.state = asked++ === 0 ? 'running' : 'succeeded'
    const progress = { percent: 42, message: '🚗'.repeat(200), at: '2026-11-29T00:00:00.000Z', remaining_seconds: null }
    const document = JSON.stringify({ ...viewOf(api), ...api.state === 'running' && { progress, finished_at: null } })
    const headers = { 'content-type': 'application/json', etag: `"${asked}"` }
    // Long enough for the line to be drawn.
    setTimeout(() => response.writeHead(200, headers).end(document), asked === 1 ? 0 : 500)
    return true
  }
  const { onTerminal } = gx4kiAt(t, api.url)
  for (const [columns, width] of [['30', 30], ['100', 100], ['0', 80]] as const) {
    asked = 0
    const { code, stdout } = await onTerminal(['wait', api.id], { COLUMNS: columns }).ended
    t.equal(code, 0, stdout)
    const drawn = stdout.split(/[\r\n]/).filter((line) => /running +\d.*%/.test(stripVTControlCharacters(line)))
    t.ok(drawn.length > 0, JSON.stringify(stdout))
    for (const line of drawn) {
      t.equal(fitColumns(line, width - 1).text, line)
      t.ok(line.isWellFormed())
      t.equal(line.includes('🚗'), true)
      t.equal(line.split('\u001b[').length % 2, 1, 'each colour is reset')
    }
  }
})
