/** The form of archive that an `Accept` header asks for (RFC 9110, 12.5.1): zip only by its name, otherwise tar. */
export function preferredForm (accept = ''): 'tar' | 'zip' {
  const weights = new Map(accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.toLowerCase().split(';').map((part) => part.trim())
    const [, weight = '1'] = parameters.map((one) => /^q=([01](?:\.\d{0,3})?)$/.exec(one)).find(Boolean) ?? []
    return [type, Number(weight)]
  }))
  return (weights.get('application/zip') ?? 0) > (weights.get('application/x-tar') ?? 0) ? 'zip' : 'tar'
}
