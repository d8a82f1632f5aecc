/** As Ajv reports it when it is verbose: with the schema, which may know better words for what it wants. */
export interface ValidationError {
  instancePath: string
  params: Record<string, unknown>
  propertyName?: string
  message?: string
  parentSchema?: object
}

/**
 * What Ajv found, as problem+json names it: the field, its path joined by dots, or `whole` when it is not about a
 * field.
 */
export function fieldErrors (validation: ValidationError[], whole: string): { field: string, message: string }[] {
  // Of a name that is not allowed Ajv tells twice: what is wrong with it, and that something is.
  const told = validation.filter(({ params }) => params['propertyName'] === undefined)
  return told.map(({ instancePath, params, propertyName, message = 'is not valid', parentSchema }) => {
    const name = params['missingProperty'] ?? params['additionalProperty'] ?? propertyName
    const path = [...instancePath.split('/').slice(1), ...(name === undefined ? [] : [String(name)])].map(
      unescapePointer
    )
    const words = (parentSchema as { 'x-message'?: string } | undefined)?.['x-message']
    return {
      field: path.join('.') || whole,
      message: words ?? (params['allowedValues'] ? `${message}: ${String(params['allowedValues'])}` : message)
    }
  })
}

/** RFC 6901. */
function unescapePointer (token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}
