import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

/**
 * Runs all tests of a folder and its subfolders in this process, because loading the libraries takes longer than most
 * tests. The folders in `ownProcess` are left out: their tests run in processes of their own. Throws when a file ran no
 * test: tap silently skips all tests after the end of its root, and a teardown of the root causes that end.
 */
export async function runTestsOf (folder: string, ownProcess: string[] = []): Promise<void> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => a.name < b.name ? -1 : 1)
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !ownProcess.includes(entry.name)) await runTestsOf(path)
    if (!entry.name.endsWith('.ts')) continue
    const before = t.counts.total
    await import(pathToFileURL(path).href)
    if (t.counts.total === before) {
      throw new Error(`${path} ran no test: it has none, or an earlier teardown of tap's root ended the run`)
    }
  }
}
