import { createHash } from 'node:crypto'
import { byName, type ResultEntry } from './result-entry.ts'

/** The sha256 (lower-case hex) of a list of files: a line of JSON for each, in the order of the names. */
export function listDigest (entries: ResultEntry[]): string {
  const hash = createHash('sha256')
  for (const { name, size, sha256 } of entries.toSorted(byName)) hash.update(`${JSON.stringify([name, size, sha256])}\n`)
  return hash.digest('hex')
}
