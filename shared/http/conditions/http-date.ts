const FORMATS = [
  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>[\d:]{8}) GMT$/,
  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<time>[\d:]{8}) GMT$/,
  // asctime: Sun Nov  6 08:49:37 1994
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>[\d:]{8}) (?<year>\d{4})$/
]

/** The time that an HTTP-date names, in any of its three formats (RFC 9110, 5.6.7); `undefined` for any other text. */
export function httpDate (text: string, now = new Date()): Date | undefined {
  for (const format of FORMATS) {
    const { day = '', month = '', year = '', time = '' } = format.exec(text)?.groups ?? {}
    if (day === '') continue
    const written = `${day.replace(' ', '0')} ${month} ${year.length === 2 ? fullYear(year, now) : year} ${time} GMT`
    const date = new Date(written)
    // `Date` accepts more than a date has, for example the 31st of June.
    return !Number.isNaN(date.getTime()) && date.toUTCString().endsWith(` ${written}`) ? date : undefined
  }
  return undefined
}

/** A year of two digits lies at most 50 years in the future. */
function fullYear (year: string, now: Date): number {
  const present = now.getUTCFullYear()
  const full = present - present % 100 + Number(year)
  return full > present + 50 ? full - 100 : full
}
