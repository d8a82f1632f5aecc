/** An error of Ajv in verbose mode. It has the schema, which may contain a better message (`x-message`). */
export interface ValidationError {
  instancePath: string
  keyword: string
  params: Record<string, unknown>
  propertyName?: string
  message?: string
  parentSchema?: object
  /** The value. */
  data?: unknown
}

interface FieldError {
  field: string
  message: string
}

/**
 * Ajv's errors as problem+json lists them. `field` is the path of the field, joined by dots, or `whole` when the error
 * is not about a field.
 */
export function fieldErrors (validation: ValidationError[], whole: string): FieldError[] {
  // Ajv reports an invalid property name twice: with the reason, and without it. The second report is dropped.
  const told = validation.filter(({ params }) => params['propertyName'] === undefined)
  const errors = told.map((error) => ({ ...error, field: fieldOf(error, whole), message: messageOf(error, whole) }))
  // Of several schemas, of which one must match, Ajv reports each, and then that none does.
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf')
  return errors.flatMap((error) => {
    const { field, message } = error
    if (!unions.some((union) => union.field === field)) return [{ field, message }]
    if (error.keyword !== 'anyOf') return []
    const each = errors.filter((other) => other.field === field && other.keyword !== 'anyOf')
    return [{ field, message: ownMessage(error) ?? (anyOfThese(each) || message) }]
  })
}

function anyOfThese (errors: FieldError[]): string {
  return [...new Set(errors.map(({ message }) => message))].join(' or ')
}

function fieldOf ({ instancePath, params, propertyName }: ValidationError, whole: string): string {
  const name = params['missingProperty'] ?? params['additionalProperty'] ?? propertyName
  return [...instancePath.split('/').slice(1).map(unescapePointer), ...(name === undefined ? [] : [String(name)])]
    .join('.') || whole
}

function messageOf (error: ValidationError, whole: string): string {
  const { keyword, params, message = 'is not valid', data } = error
  // A query is flat: a list is a parameter that is there several times.
  if (whole === 'querystring' && Array.isArray(data)) return 'is given twice'
  const own = ownMessage(error)
  if (own !== undefined) return own
  switch (keyword) {
    case 'additionalProperties': {
      const { properties = {} } = (error.parentSchema ?? {}) as { properties?: object }
      const known = Object.keys(properties)
      return known.length === 0 ? 'is not known' : `is not one of ${known.join(', ')}`
    }
    case 'required':
      return 'is missing'
    case 'const':
      return `must be ${String(params['allowedValue'])}`
    default:
      return params['allowedValues'] ? `${message}: ${String(params['allowedValues'])}` : message
  }
}

function ownMessage ({ parentSchema }: ValidationError): string | undefined {
  return (parentSchema as { 'x-message'?: string } | undefined)?.['x-message']
}

/** Unescapes a token of a JSON Pointer (RFC 6901). */
function unescapePointer (token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}
