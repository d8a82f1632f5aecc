import leven from 'leven'
import { type Attribute, typesOfKubernetes } from './types-of-kubernetes.ts'

/** A field of a manifest that Kubernetes does not know, or whose value has another type. */
export interface WrongField {
  /** Such as `spec.template.spec.containers[0].resource`. */
  path: string
  /** Whether Kubernetes has no such field, or the value has another type. */
  kind: 'field' | 'type'
  message: string
}

/**
 * Compares a manifest with the schema of Kubernetes. `type` is the name of a type in client-node, such as `V1Job`. A
 * field that is `null` counts as absent, as it does for the API server.
 */
export function wrongFields (
  value: unknown,
  type: string,
  path = '',
  format = ''
): WrongField[] {
  if (value === null || value === undefined) return []
  const [, itemType] = /^Array<(.*)>$/.exec(type) ?? []
  if (itemType !== undefined) {
    if (!Array.isArray(value)) return [{ path, kind: 'type', message: 'must be a list' }]
    return value.flatMap((item, at): WrongField[] => item === null
      ? [{ path: `${path}[${at}]`, kind: 'type', message: `is null, and must be ${withArticle(itemType)}` }]
      : wrongFields(item, itemType, `${path}[${at}]`, format)
    )
  }
  const [, valueType] = /^\{ \[key: string\]: (.*?);? \}$/.exec(type) ?? []
  if (valueType !== undefined) {
    if (!isObject(value)) return [{ path, kind: 'type', message: 'must be an object' }]
    return Object.entries(value).flatMap(([key, one]) => wrongFields(one, valueType, `${path}["${key}"]`, format))
  }
  const known = typesOfKubernetes[type]
  if (known !== undefined) return wrongFieldsOf(value, known, path)
  if (isQuantity(value, path)) return []
  if (!isOfType(value, type)) return [{ path, kind: 'type', message: `must be ${withArticle(type)}` }]
  const range = typeof value === 'number' ? outOfRange(value, format) : undefined
  return range === undefined ? [] : [{ path, kind: 'type', message: range }]
}

function wrongFieldsOf (value: unknown, known: Attribute[], path: string): WrongField[] {
  if (!isObject(value)) return [{ path, kind: 'type', message: 'must be an object' }]
  const attributes = new Map(known.map((attribute) => [attribute.baseName, attribute]))
  return Object.entries(value).flatMap(([name, one]) => {
    const field = path === '' ? name : `${path}.${name}`
    const attribute = attributes.get(name)
    return attribute === undefined
      ? [{ path: field, kind: 'field', message: `is not a field of Kubernetes${didYouMean(name, [...attributes.keys()])}` }]
      : wrongFields(one, attribute.type, field, attribute.format)
  })
}

/** A question that names the most similar of some words, with a prefix; empty when none is similar. */
export function didYouMean (word: string, words: string[], prefix = ''): string {
  const [best] = words
    .map((one) => ({ one, distance: leven(word.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, distance }) => distance <= Math.max(2, one.length / 4))
    .sort((a, b) => a.distance - b.distance)
  return best === undefined ? '' : `; did you mean ${prefix}${best.one}?`
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The largest numbers of the formats in the schema. Of 64 bits, only what JavaScript and JSON keep as it is. */
const LARGEST = new Map([
  ['int32', 2 ** 31 - 1],
  ['int-or-string', 2 ** 31 - 1],
  ['int64', Number.MAX_SAFE_INTEGER]
])

/** Why the API server cannot read this number, or `undefined` when it can. */
function outOfRange (value: number, format: string): string | undefined {
  if (!Number.isFinite(value)) return `is ${value}, and must be a finite number`
  const largest = LARGEST.get(format)
  if (largest === undefined || (Number.isInteger(value) && Math.abs(value) <= largest)) return undefined
  return `is ${value}, and must be a whole number up to ${largest}`
}

/** The words for a type of the schema. */
function withArticle (type: string): string {
  if (type === 'IntOrString') return 'a whole number or a string'
  if (type.startsWith('Array<')) return 'a list'
  return /^(string|number|boolean)$/.test(type) ? `a ${type}` : type === 'Date' || type === 'V1MicroTime' ? 'a time' : 'an object'
}

/** The API server takes a number for a quantity, such as `cpu: 2`, where the schema says string. */
function isQuantity (value: unknown, path: string): boolean {
  return typeof value === 'number' && Number.isFinite(value) && /\.(limits|requests|overhead)\["[^"]+"\]$|\.(sizeLimit|divisor)$/.test(path)
}

function isOfType (value: unknown, type: string): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'Date':
    case 'V1MicroTime':
      return typeof value === 'string'
    case 'IntOrString':
      return typeof value === 'string' || typeof value === 'number'
    default:
      return true
  }
}
