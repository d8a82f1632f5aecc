import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

/**
 * Runs all tests of a folder in this one process: to load the libraries takes longer than most of them. A file of which no test was run is an error: tap
 * says nothing about those that come after its root has ended, as a teardown of the root's makes it.
 */
export async function runTestsOf (folder: string): Promise<void> {
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.ts')) continue
    const before = t.counts.total
    await import(pathToFileURL(join(folder, name)).href)
    if (t.counts.total === before) throw new Error(`no test of ${name} was run`)
  }
}
