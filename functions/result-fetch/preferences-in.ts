export interface Preference {
  /** Empty without a value: RFC 7240 takes both for the same. */
  value: string
  parameters: Map<string, string>
}

const PAIR = /^([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*=[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)"))?$/

/**
 * The preferences of a `Prefer` header (RFC 7240) by their names in lower case. Of those with the same name the first
 * one counts. What is not valid is ignored.
 */
export function preferencesIn (header: string | undefined): Map<string, Preference> {
  const preferences = new Map<string, Preference>()
  for (const element of split(header ?? '', ',')) {
    const [first = '', ...more] = split(element, ';')
    const pair = pairIn(first)
    if (pair === undefined || preferences.has(pair.name)) continue
    const parameters = new Map<string, string>()
    for (const { name, value } of more.flatMap((one) => pairIn(one) ?? [])) {
      if (!parameters.has(name)) parameters.set(name, value)
    }
    preferences.set(pair.name, { value: pair.value, parameters })
  }
  return preferences
}

function pairIn (text: string): { name: string, value: string } | undefined {
  const [, name, token, quoted] = PAIR.exec(text.trim()) ?? []
  if (name === undefined) return undefined
  return { name: name.toLowerCase(), value: token ?? quoted?.replaceAll(/\\(.)/g, '$1') ?? '' }
}

/** The parts between separators outside of quotation marks. A mark that is never closed reaches to the end. */
function split (text: string, separator: ',' | ';'): string[] {
  const parts = ['']
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[^"]/g)) {
    if (piece === separator) parts.push('')
    else parts[parts.length - 1] += piece
  }
  return parts
}
