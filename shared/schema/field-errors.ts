/** An error of Ajv in verbose mode. It has the schema, which may contain a better message (`x-message`). */
export interface ValidationError {
  instancePath: string
  params: Record<string, unknown>
  propertyName?: string
  message?: string
  parentSchema?: object
  /** The value. */
  data?: unknown
}

/**
 * Ajv's errors as problem+json lists them. `field` is the path of the field, joined by dots, or `whole` when the error
 * is not about a field.
 */
export function fieldErrors (validation: ValidationError[], whole: string): { field: string, message: string }[] {
  // Ajv reports an invalid property name twice: with the reason, and without it. The second report is dropped.
  const told = validation.filter(({ params }) => params['propertyName'] === undefined)
  return told.map(({ instancePath, params, propertyName, message = 'is not valid', parentSchema, data }) => {
    const name = params['missingProperty'] ?? params['additionalProperty'] ?? propertyName
    const path = [...instancePath.split('/').slice(1), ...(name === undefined ? [] : [String(name)])].map(
      unescapePointer
    )
    const words = (parentSchema as { 'x-message'?: string } | undefined)?.['x-message']
    // A query is flat: a list is a parameter that is there several times.
    if (whole === 'querystring' && Array.isArray(data)) return { field: path.join('.'), message: 'is given twice' }
    return {
      field: path.join('.') || whole,
      message: words ?? (params['allowedValues'] ? `${message}: ${String(params['allowedValues'])}` : message)
    }
  })
}

/** Unescapes a token of a JSON Pointer (RFC 6901). */
function unescapePointer (token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}
