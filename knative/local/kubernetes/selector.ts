import { refusal } from './refusal.ts'

// key · !key · key=value · key==value · key!=value · key in (a,b) · key notin (a,b)
const requirement = /^\s*(!?)\s*([\w./-]+)\s*(?:(==?|!=)\s*([\w.-]*)|(in|notin)\s*\(([^)]*)\))?\s*$/

/** Whether labels match a selector, after https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
export function parseSelector (selector: string): (labels: Record<string, string>) => boolean {
  const requirements = selector.split(/,(?![^(]*\))/).filter(Boolean).map((text) => {
    const [parsed, not, key, operator, value, set, values] = requirement.exec(text) ?? []
    if (parsed === undefined || key === undefined) throw refusal('BadRequest', `unable to parse requirement: ${text}`)
    const wanted = set ? new Set(values!.split(',').map((each) => each.trim())) : operator && new Set([value!])
    return { key, wanted, negated: Boolean(not) || operator === '!=' || set === 'notin' }
  })
  return (labels) =>
    requirements.every(({ key, wanted, negated }) =>
      (wanted ? key in labels && wanted.has(labels[key]!) : key in labels) !== negated
    )
}

/**
 * Whether an object's name matches a field selector. Other fields, which a real server supports for some kinds, are
 * refused.
 */
export function parseFieldSelector (selector: string): (name: string) => boolean {
  const field = selector.split(',').map((term) => term.split(/[=!]/)[0]).find((name) =>
    name && name !== 'metadata.name'
  )
  if (field) throw refusal('BadRequest', `field label not supported: ${field}`)
  const matches = parseSelector(selector)
  return (name) => matches({ 'metadata.name': name })
}
