import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { problem } from '../http/problem.ts'

type What = 'templates' | 'connectors'

/** The YAML files of a folder, as what they stand for. */
export interface Folder<T> {
  /** By name. */
  usable: Map<string, T>
  /** Why a file is left out, by the file's name, so that an operator's slip in one does not stop the others. */
  refused: Map<string, string>
}

/**
 * Reads a folder as its files are at each call: a mounted ConfigMap changes under a running function. To read them
 * takes a tenth of a millisecond; only what has changed is parsed again, and told to `refused` when it cannot be used.
 * Throws `templates-unavailable` or `connectors-unavailable` when there is no folder.
 */
export function folderOf<T extends { name: string }> (
  what: What,
  folder: string,
  parse: (text: string) => T,
  refused: (file: string, reason: string) => void
): () => Folder<T> {
  let known = new Map<string, { text: string, outcome: T | Error }>()
  let told = new Map<string, string>()

  return function readFolder () {
    const found: Folder<T> = { usable: new Map(), refused: new Map() }
    const read: typeof known = new Map()
    for (const file of yamlFiles(what, folder)) {
      try {
        const text = readFileSync(join(folder, file), 'utf8')
        const before = known.get(file)
        const outcome = before?.text === text ? before.outcome : outcomeOf(() => parse(text))
        read.set(file, { text, outcome })
        if (outcome instanceof Error) throw outcome
        if (found.usable.has(outcome.name)) throw new Error(`there is another one named ${outcome.name}`)
        found.usable.set(outcome.name, outcome)
      } catch (error) {
        found.refused.set(file, (error as Error).message)
      }
    }
    for (const [file, reason] of found.refused) if (told.get(file) !== reason) refused(file, reason)
    known = read
    told = found.refused
    return found
  }
}

function yamlFiles (what: What, folder: string): string[] {
  try {
    // A mounted ConfigMap has its files behind links named ..data and the like.
    return readdirSync(folder).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort()
  } catch (cause) {
    throw problem(`${what}-unavailable`, `The folder of the ${what}, ${folder}, cannot be read`, { cause })
  }
}

function outcomeOf<T> (parse: () => T): T | Error {
  try {
    return parse()
  } catch (error) {
    return error as Error
  }
}
