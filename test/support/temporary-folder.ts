import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** Makes a folder with files. For a test whose other parts use t.testdir: a test can have only one of those. */
export function temporaryFolder (t: Test, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'gx4ki-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}
