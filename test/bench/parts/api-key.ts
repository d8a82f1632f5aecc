import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newApiKey } from '../../../shared/access/api-key.ts'
import type { Bench } from '../bench.ts'

/** Makes a folder of API keys with one key for each owner. */
export function apiKeys (
  { dir }: Pick<Bench, 'dir'>,
  owners: string[]
): { env: Record<string, string>, headersOf: (owner: string) => Record<string, string> } {
  const folder = mkdtempSync(join(dir, 'keys-'))
  const keys = new Map(owners.map((owner) => {
    const { id, key, sha256 } = newApiKey()
    writeFileSync(join(folder, id), JSON.stringify({ owner, scopes: ['jobs:read', 'jobs:write'], sha256 }))
    return [owner, key]
  }))
  return { env: { API_KEYS_DIR: folder }, headersOf: (owner) => ({ authorization: `Bearer ${keys.get(owner)}` }) }
}
