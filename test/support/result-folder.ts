import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'

/** Makes the result folder of a test, with files. It is alone in its folder, so that files can be put next to it. */
export function resultFolder (t: Test, files: Record<string, Buffer | string> = {}): string {
  const folder = join(t.testdir({ results: {} }), 'results')
  for (const [name, content] of Object.entries(files)) writeResult(folder, name, content)
  return folder
}

export function writeResult (folder: string, name: string, content: Buffer | string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), content)
}
