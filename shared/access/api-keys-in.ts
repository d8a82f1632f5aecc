import { timingSafeEqual } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { problem } from '../http/problem.ts'
import { fieldErrors } from '../schema/field-errors.ts'
import { lazyValidator } from '../schema/lazy-validator.ts'
import { digestOfKey, idOfKey, isKeyId } from './api-key.ts'
import { type Caller, type Scope, scopes } from './caller.ts'

/**
 * The content of a key's file. Owners of other kinds contain a colon (`oidc:…`, `connector:…`), so they never equal the
 * owner of an API key.
 */
const Entry = Type.Object({
  owner: Type.String({ pattern: '^[A-Za-z0-9._@+=-]{1,128}$' }),
  scopes: Type.Array(Type.Unsafe<Scope>(Type.String({ enum: [...scopes] })), { minItems: 1 }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' })
}, { additionalProperties: false })
type ApiKeyEntry = Static<typeof Entry>

const isEntry = lazyValidator<ApiKeyEntry>(Entry)

/** A file as it was read last: its entry, or what is wrong with it. */
interface Known {
  text: string
  entry?: ApiKeyEntry
  wrong?: string
}

/**
 * Looks up API keys in a folder, a mounted Secret. Each key has a file named by its id, so a lookup reads one file, and
 * an added or removed key takes effect at the next request; it is parsed again only if it has changed. A wrong file
 * admits no caller and does not affect the other files; `refused` gets its name and the reason.
 */
export function apiKeysIn (
  folder: string,
  refused: (file: string, reason: string) => void
): (key: string) => Caller | undefined {
  const known = new Map<string, Known>()
  // Reports wrong files at the start, not first when a caller sends the key. A mounted Secret also has links with names
  // such as ..data.
  for (const file of readdirSync(folder)) if (!file.startsWith('.')) entryIn(file)

  return function callerWith (key) {
    const id = idOfKey(key)
    const entry = id === undefined ? undefined : entryIn(id)
    if (entry === undefined || !timingSafeEqual(digestOfKey(key), Buffer.from(entry.sha256, 'hex'))) return undefined
    return { owner: entry.owner, scopes: new Set(entry.scopes) }
  }

  function entryIn (file: string): ApiKeyEntry | undefined {
    const text = textOf(file)
    if (text === undefined) return undefined
    const before = known.get(file)
    if (before?.text === text) return before.entry
    const now = knownFrom(file, text)
    known.set(file, now)
    if (now.wrong !== undefined && now.wrong !== before?.wrong) refused(file, now.wrong)
    return now.entry
  }

  function textOf (file: string): string | undefined {
    try {
      return readFileSync(join(folder, file), 'utf8')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw problem('credentials-unavailable', `The file of the API key ${file} cannot be read`, { cause })
    }
  }
}

function knownFrom (file: string, text: string): Known {
  try {
    return { text, entry: parseApiKeyEntry(file, text) }
  } catch (error) {
    return { text, wrong: (error as Error).message }
  }
}

/**
 * Parses the content of a key's file. When it is invalid, the Error contains none of its values: an operator may have
 * put the key itself there.
 */
export function parseApiKeyEntry (file: string, text: string): ApiKeyEntry {
  if (!isKeyId(file)) throw new Error('its name must be the id of a key, 12 hex digits')
  const entry = parseJson(text)
  if (isEntry(entry)) return entry
  const [wrong] = fieldErrors(isEntry.errors, 'it')
  throw new Error(`${wrong?.field} ${wrong?.message}`)
}

function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The message of JSON.parse would quote the text.
    throw new Error('it is not JSON')
  }
}
