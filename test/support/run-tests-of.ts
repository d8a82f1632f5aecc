import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

/**
 * Runs all tests of a folder and of the folders in it, but for those that have a process of their own, in this process:
 * to load the libraries takes longer than most of them. A file of which no test was run is an error: tap does not say
 * that it leaves out what comes after the end of its root, which a teardown of the root causes.
 */
export async function runTestsOf (folder: string, ownProcess: string[] = []): Promise<void> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => a.name < b.name ? -1 : 1)
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !ownProcess.includes(entry.name)) await runTestsOf(path)
    if (!entry.name.endsWith('.ts')) continue
    const before = t.counts.total
    await import(pathToFileURL(path).href)
    if (t.counts.total === before) throw new Error(`no test of ${path} was run`)
  }
}
