import t from 'tap'
import { httpDate } from '../../../../shared/http/conditions/http-date.ts'

const now = new Date('2026-11-28T00:00:00Z')

await t.test('the three formats of RFC 9110 name the same time', async (t) => {
  for (
    const text of ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']
  ) t.same(httpDate(text, now), new Date('1994-11-06T08:49:37Z'), text)
  t.same(httpDate('Wed Nov 16 08:49:37 1994', now), new Date('1994-11-16T08:49:37Z'))
})

await t.test('a year of two digits is at most 50 years ahead', async (t) => {
  for (const [digits, year] of [['76', 2076], ['77', 1977], ['00', 2000], ['26', 2026]] as const) {
    t.equal(httpDate(`Sunday, 06-Nov-${digits} 08:49:37 GMT`, now)?.getUTCFullYear(), year)
  }
})

await t.test('any other text is no date', async (t) => {
  for (
    const text of [
      '',
      '0',
      'Sun, 06 Nov 1994 08:49:37',
      'Sun, 06 Nov 1994 08:49:37 UTC',
      'Sun, 06 Nov 1994 08:49:37 +0000',
      'sun, 06 nov 1994 08:49:37 gmt',
      'Sun, 6 Nov 1994 08:49:37 GMT',
      'Sun, 31 Nov 1994 08:49:37 GMT',
      'Sun, 06 Xxx 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 25:49:37 GMT',
      'Sun, 06 Nov 1994 08:49:3: GMT',
      'Sun Nov 6 08:49:37 1994',
      '06 Nov 1994 08:49:37 GMT',
      '1994-11-06T08:49:37Z',
      'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT'
    ]
  ) t.equal(httpDate(text, now), undefined, text)
})
