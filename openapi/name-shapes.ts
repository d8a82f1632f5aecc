import { isDeepStrictEqual } from 'node:util'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
type JsonObject = Record<string, Json>

/**
 * Replaces every schema that has a title by a reference, and returns the named schemas. Also writes what TypeBox and
 * this project say in their own words as generators of clients know it.
 */
export function nameShapes<T extends object> (document: T): { document: T, schemas: JsonObject } {
  const schemas: JsonObject = {}
  return { document: walk(JSON.parse(JSON.stringify(document)) as Json) as unknown as T, schemas: sorted(schemas) }

  function walk (value: Json): Json {
    if (Array.isArray(value)) return value.map(walk)
    if (value === null || typeof value !== 'object') return value
    const walked = Object.fromEntries(Object.entries(plain(value)).map(([name, part]) => [name, walk(part)] as const))
    if (!isNamed(value)) return walked
    const { title: _, ...rest } = walked
    if (schemas[value.title] !== undefined && !isDeepStrictEqual(schemas[value.title], rest)) {
      throw new Error(`two different schemas have the title ${value.title}`)
    }
    schemas[value.title] = rest
    return { $ref: `#/components/schemas/${value.title}` }
  }
}

/** Whether an object is a schema with a title. A field may be called title, too, and so may be one called type. */
function isNamed (value: JsonObject): value is JsonObject & { title: string } {
  return typeof value['title'] === 'string' && typeof value['type'] === 'string'
}

function plain ({ 'x-message': _, patternProperties, ...schema }: JsonObject): JsonObject {
  // TypeBox writes a record of any names like this.
  const { '^.*$': any, ...patterns } = (patternProperties ?? {}) as JsonObject
  return {
    ...schema,
    ...any !== undefined && { additionalProperties: any },
    ...Object.keys(patterns).length > 0 && { patternProperties: patterns }
  }
}

function sorted (schemas: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a < b ? -1 : 1))
}
