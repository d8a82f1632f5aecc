/**
 * Makes an API key for OWNER with SCOPES. Prints the key, only this once, and the commands that add it to the cluster
 * and revoke it.
 */
import { newApiKey } from '../shared/access/api-key.ts'
import { parseApiKeyEntry } from '../shared/access/api-keys-in.ts'

const { OWNER: owner, SCOPES: scopes = 'jobs:read jobs:write' } = process.env
const { id, key, sha256 } = newApiKey()
const entry = JSON.stringify({ owner, scopes: scopes.split(/[ ,]+/), sha256 })
try {
  parseApiKeyEntry(id, entry)
} catch (error) {
  console.error(
    `No key was made: ${(error as Error).message}\nUsage: make api-key OWNER=alice SCOPES='jobs:read jobs:write'`
  )
  process.exit(1)
}
console.log(`Give this key to its owner only. It is not shown again:

  ${key}

To admit the key, add its digest to the Secret of the cluster:

  kubectl patch secret gx4ki-api-keys -n gx4ki --type merge -p '${JSON.stringify({ stringData: { [id]: entry } })}'

To revoke the key:

  kubectl patch secret gx4ki-api-keys -n gx4ki --type merge -p '${JSON.stringify({ data: { [id]: null } })}'`)
