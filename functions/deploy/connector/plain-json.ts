/**
 * Converts a compacted JSON-LD document to plain JSON. Each key loses its prefix or IRI, and a typed value becomes the
 * value. This is enough for messages with known field names. EDC's prefixes differ between versions.
 */
export function plainJson (document: unknown): unknown {
  if (Array.isArray(document)) return document.map(plainJson)
  if (typeof document !== 'object' || document === null) return document
  if ('@value' in document) return document['@value']
  return Object.fromEntries(
    Object.entries(document)
      .filter(([key]) => key !== '@context')
      .map((
        [key, value]
      ) => [lastWord(key), key === '@type' && typeof value === 'string' ? lastWord(value) : plainJson(value)])
  )
}

/** The last segment of an IRI, or the name after a prefix. */
export function lastWord (name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('#'), name.lastIndexOf(':')) + 1)
}
