import * as models from '@kubernetes/client-node'
import leven from 'leven'

/** A field of a manifest that Kubernetes does not know, or whose value has another type. */
export interface WrongField {
  /** Such as `spec.template.spec.containers[0].resource`. */
  path: string
  /** Whether Kubernetes has no such field, or the value has another type. */
  kind: 'field' | 'type'
  message: string
}

interface Attribute {
  baseName: string
  type: string
}

interface Model {
  getAttributeTypeMap: () => Attribute[]
}

/**
 * Compares a manifest with the schema of Kubernetes, which client-node carries: it is generated from the OpenAPI
 * document of a release. `type` is the name of a type there, such as `V1Job`. A field that is `null` counts as
 * absent, as it does for the API server.
 */
export function wrongFields (value: unknown, type: string, path = ''): WrongField[] {
  if (value === null || value === undefined) return []
  const [, itemType] = /^Array<(.*)>$/.exec(type) ?? []
  if (itemType !== undefined) {
    if (!Array.isArray(value)) return [{ path, kind: 'type', message: 'must be a list' }]
    return value.flatMap((item, at) => wrongFields(item, itemType, `${path}[${at}]`))
  }
  const [, valueType] = /^\{ \[key: string\]: (.*?);? \}$/.exec(type) ?? []
  if (valueType !== undefined) {
    if (!isObject(value)) return [{ path, kind: 'type', message: 'must be an object' }]
    return Object.entries(value).flatMap(([key, one]) => wrongFields(one, valueType, `${path}["${key}"]`))
  }
  const model = (models as unknown as Record<string, Model | undefined>)[type]
  if (typeof model?.getAttributeTypeMap === 'function') return wrongFieldsOf(value, model, path)
  return isOfType(value, type) || isQuantity(value, path) ? [] : [{ path, kind: 'type', message: `must be a ${type}` }]
}

function wrongFieldsOf (value: unknown, model: Model, path: string): WrongField[] {
  if (!isObject(value)) return [{ path, kind: 'type', message: 'must be an object' }]
  const attributes = new Map(model.getAttributeTypeMap().map(({ baseName, type }) => [baseName, type]))
  return Object.entries(value).flatMap(([name, one]) => {
    const field = path === '' ? name : `${path}.${name}`
    const type = attributes.get(name)
    return type === undefined
      ? [{ path: field, kind: 'field', message: `is not a field of Kubernetes${didYouMean(name, [...attributes.keys()])}` }]
      : wrongFields(one, type, field)
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

/** The API server takes a number for a quantity, such as `cpu: 2`, where the schema says string. */
function isQuantity (value: unknown, path: string): boolean {
  return typeof value === 'number' && /\.(limits|requests|overhead)\["[^"]+"\]$|\.(sizeLimit|divisor)$/.test(path)
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
