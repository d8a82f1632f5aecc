/** Makes an API key of OWNER with SCOPES: the key, which is shown this once, and what to tell the cluster of it. */
import { newApiKey } from '../shared/access/api-key.ts'
import { parseApiKeyEntry } from '../shared/access/api-keys-in.ts'

const { OWNER: owner, SCOPES: scopes = 'jobs:read jobs:write' } = process.env
const { id, key, sha256 } = newApiKey()
const entry = JSON.stringify({ owner, scopes: scopes.split(/[ ,]+/), sha256 })
try {
  parseApiKeyEntry(id, entry)
} catch (error) {
  console.error(
    `No key is made: ${(error as Error).message}\nUsage: make api-key OWNER=alice SCOPES='jobs:read jobs:write'`
  )
  process.exit(1)
}
console.log(`The key, for its owner alone:

  ${key}

The Secret of the cluster gets its digest, so nothing shows the key again:

  kubectl patch secret gx4ki-api-keys -n gx4ki --type merge -p '${JSON.stringify({ stringData: { [id]: entry } })}'

To take it back:

  kubectl patch secret gx4ki-api-keys -n gx4ki --type merge -p '${JSON.stringify({ data: { [id]: null } })}'`)
