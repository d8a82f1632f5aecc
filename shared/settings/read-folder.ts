import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { problem } from '../http/problem.ts'

type What = 'templates' | 'connectors'

/** The YAML files of a folder, parsed. */
export interface Folder<T> {
  /** The parsed files, by the `name` in them. */
  usable: Map<string, T>
  /** The reason why a file is ignored, by file name. An error in one file does not affect the others. */
  refused: Map<string, string>
}

/**
 * Makes a function that reads the files of a folder at each call, because a mounted ConfigMap can change while a
 * function runs. Reading takes a tenth of a millisecond, and only changed files are parsed again. `refused` is called
 * when a file cannot be used, once for each reason. The function throws `templates-unavailable` or
 * `connectors-unavailable` when the folder cannot be read.
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
        if (found.usable.has(outcome.name)) throw new Error(`another file already has the name ${outcome.name}`)
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
    // A mounted ConfigMap also has links with names such as ..data.
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
