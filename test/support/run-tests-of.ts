import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Runs all tests of a folder in this one process: to load the libraries takes longer than most of them. */
export async function runTestsOf (folder: string): Promise<void> {
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.ts')) await import(pathToFileURL(join(folder, name)).href)
  }
}
