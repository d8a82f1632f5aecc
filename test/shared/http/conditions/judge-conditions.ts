import type { IncomingHttpHeaders } from 'node:http'
import t from 'tap'
import { judgeConditions, type Judgement } from '../../../../shared/http/conditions/judge-conditions.ts'

const etag = '"e"'
const lastModified = new Date('2026-11-22T12:58:34.567Z')
const [before, same, after] = ['33', '34', '35'].map((second) => `Sun, 22 Nov 2026 12:58:${second} GMT`) as
  [string, string, string]
const current = { etag, lastModified }
const undated = { etag }
const weak = { etag: 'W/"e"', lastModified }

const read: [IncomingHttpHeaders, Judgement, typeof current | typeof undated][] = [
  [{}, 'perform', current],
  // RFC 9110 13.1.1: If-Match compares strongly.
  [{ 'if-match': etag }, 'perform', current],
  [{ 'if-match': ' * ' }, 'perform', current],
  [{ 'if-match': `"a", ${etag}` }, 'perform', current],
  [{ 'if-match': `"a,b",,${etag}` }, 'perform', current],
  [{ 'if-match': '"other"' }, 'failed', current],
  [{ 'if-match': 'W/"e"' }, 'failed', current],
  [{ 'if-match': etag }, 'failed', weak],
  [{ 'if-match': 'W/"e"' }, 'failed', weak],
  [{ 'if-match': '*' }, 'perform', weak],
  [{ 'if-match': 'e' }, 'failed', current],
  [{ 'if-match': '' }, 'failed', current],
  [{ 'if-match': `${etag} x` }, 'failed', current],
  [{ 'if-match': '"a,"e"' }, 'failed', current],
  // 13.1.2: If-None-Match compares weakly.
  [{ 'if-none-match': etag }, 'not modified', current],
  [{ 'if-none-match': 'W/"e"' }, 'not modified', current],
  [{ 'if-none-match': etag }, 'not modified', weak],
  [{ 'if-none-match': '*' }, 'not modified', current],
  [{ 'if-none-match': `"a", W/"b" ,${etag}` }, 'not modified', current],
  [{ 'if-none-match': '"other"' }, 'perform', current],
  [{ 'if-none-match': 'e' }, 'perform', current],
  [{ 'if-none-match': 'w/"e"' }, 'perform', current],
  [{ 'if-none-match': '' }, 'perform', current],
  // 13.1.3
  [{ 'if-modified-since': before }, 'perform', current],
  [{ 'if-modified-since': same }, 'not modified', current],
  [{ 'if-modified-since': after }, 'not modified', current],
  [{ 'if-modified-since': 'Sunday, 22-Nov-26 12:58:34 GMT' }, 'not modified', current],
  [{ 'if-modified-since': after }, 'perform', undated],
  [{ 'if-modified-since': '2026-11-22T12:58:35Z' }, 'perform', current],
  [{ 'if-modified-since': 'never' }, 'perform', current],
  [{ 'if-modified-since': '' }, 'perform', current],
  // 13.1.4
  [{ 'if-unmodified-since': before }, 'failed', current],
  [{ 'if-unmodified-since': same }, 'perform', current],
  [{ 'if-unmodified-since': after }, 'perform', current],
  [{ 'if-unmodified-since': before }, 'perform', undated],
  [{ 'if-unmodified-since': '2026-11-22T12:58:33Z' }, 'perform', current],
  [{ 'if-unmodified-since': 'Mon, 31 Nov 2020 00:00:00 GMT' }, 'perform', current],
  // 13.2.2: a condition on ETags replaces the one on dates.
  [{ 'if-match': etag, 'if-unmodified-since': before }, 'perform', current],
  [{ 'if-match': '"other"', 'if-unmodified-since': after }, 'failed', current],
  [{ 'if-none-match': '"other"', 'if-modified-since': after }, 'perform', current],
  [{ 'if-none-match': etag, 'if-modified-since': before }, 'not modified', current],
  [{ 'if-match': '"other"', 'if-none-match': etag }, 'failed', current],
  [{ 'if-match': etag, 'if-none-match': etag }, 'not modified', current],
  [{ 'if-unmodified-since': before, 'if-none-match': etag }, 'failed', current],
  [{ 'if-unmodified-since': after, 'if-modified-since': after }, 'not modified', current],
  // 13.1.5: If-Range compares strongly, and comes last.
  [{ 'if-range': etag }, 'perform', current],
  [{ 'if-range': ` ${etag} ` }, 'perform', current],
  [{ 'if-range': '"other"' }, 'perform whole', current],
  [{ 'if-range': 'W/"e"' }, 'perform whole', current],
  [{ 'if-range': etag }, 'perform whole', weak],
  [{ 'if-range': '*' }, 'perform whole', current],
  [{ 'if-range': same }, 'perform whole', current],
  [{ 'if-range': `"other", ${etag}` }, 'perform whole', current],
  [{ 'if-range': '' }, 'perform whole', current],
  [{ 'if-range': '"other"', 'if-match': '"other"' }, 'failed', current],
  [{ 'if-range': '"other"', 'if-none-match': etag }, 'not modified', current]
]

await t.test('the conditions of a read', async (t) => {
  for (const [headers, expected, representation] of read) {
    for (const method of ['GET', 'HEAD']) {
      t.equal(judgeConditions(method, headers, representation), expected, `${method} ${JSON.stringify(headers)}`)
    }
  }
})

await t.test('the conditions of a write: there is no 304, and If-Modified-Since is ignored', async (t) => {
  for (
    const [headers, expected] of [
      [{}, 'perform'],
      [{ 'if-match': etag }, 'perform'],
      [{ 'if-match': '"other"' }, 'failed'],
      [{ 'if-match': 'W/"e"' }, 'failed'],
      [{ 'if-none-match': etag }, 'failed'],
      [{ 'if-none-match': '*' }, 'failed'],
      [{ 'if-none-match': '"other"' }, 'perform'],
      [{ 'if-unmodified-since': before }, 'failed'],
      [{ 'if-unmodified-since': same }, 'perform'],
      [{ 'if-modified-since': after }, 'perform']
    ] as const
  ) {
    for (const method of ['DELETE', 'PATCH', 'PUT']) {
      t.equal(judgeConditions(method, headers, current), expected, `${method} ${JSON.stringify(headers)}`)
    }
  }
})

await t.test('a header with very many members is judged', async (t) => {
  for (const [field, expected] of [[`${'"a", '.repeat(2000)}"e"`, 'perform'], [' '.repeat(15_000), 'failed']] as const) {
    t.equal(judgeConditions('GET', { 'if-match': field }, current), expected)
  }
})
