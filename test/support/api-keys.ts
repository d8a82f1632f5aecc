import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { newApiKey } from '../../shared/access/api-key.ts'
import type { Scope } from '../../shared/access/caller.ts'

/** Makes a folder of API keys in the form of a mounted Secret. The folder is removed when the test ends. */
export function apiKeyFolder (t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'gx4ki-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return {
    folder,
    settings: { API_KEYS_DIR: folder },
    /** Adds a new key for an owner and returns it. The key is valid at once. */
    add (owner: string, ...scopes: Scope[]): string {
      const { id, key, sha256 } = newApiKey()
      writeFileSync(join(folder, id), JSON.stringify({ owner, scopes, sha256 }))
      return key
    }
  }
}
