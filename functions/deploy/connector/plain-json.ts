/**
 * A compacted JSON-LD document as plain JSON: each key by its last word, whichever prefix or IRI stands before it, and
 * a typed value by the value. That is enough for messages whose words are known; EDC writes prefixes of its own choice,
 * and not the same ones in each version.
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

/** What stands last in an IRI or behind a prefix. */
export function lastWord (name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('#'), name.lastIndexOf(':')) + 1)
}
