/**
 * The name of a parameter in the query whose percent-encoded bytes are not UTF-8, for example `%f6`; `undefined` if
 * there is none. Such a value would be taken as it is, with the `%`, which may be another name. A `%` without two hex
 * digits is no encoding, and stays.
 */
export function wrongParameter (target: string): string | undefined {
  const [, query = ''] = target.split(/\?(.*)/s)
  return query.split('&').find((parameter) => !isDecodable(parameter))?.split('=')[0]
}

function isDecodable (text: string): boolean {
  try {
    decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'))
    return true
  } catch {
    return false
  }
}
