import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from 'typebox'

export const webhookSettings = {
  WEBHOOK_SECRETS_DIR: Type.Optional(
    Type.String({ minLength: 1, description: 'A file for each secret that webhooks are signed with' })
  )
}

/** What a key of a Secret can be called, hidden files and those of the mount itself (`..data`) left out. */
export const SecretName = Type.String({
  pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}$',
  'x-message': 'must be the name of a secret',
  description: 'The secret of this system that the callback is signed with'
})

/** Standard Webhooks 1.0: 24 to 64 bytes in base64. */
const shape = /^whsec_([A-Za-z0-9+/]+={0,2})$/

/**
 * The keys of a secret: one a line, so that a new one can come beside the old one until every receiver has it. Read at
 * each call, for a mounted Secret changes under a running function. Throws when there is none of this name, or no key
 * in it; no message has what is in it.
 */
export function webhookKeys (folder: string | undefined, name: string): Buffer[] {
  if (folder === undefined) throw new Error('there are no secrets for webhooks')
  const lines = readFileSync(join(folder, name), 'utf8').split('\n').map((line) => line.trim()).filter((line) =>
    line !== ''
  )
  const keys = lines.map((line) => Buffer.from(shape.exec(line)?.[1] ?? '', 'base64'))
  if (keys.length === 0 || keys.some(({ length }) => length < 24 || length > 64)) {
    throw new Error(`the secret ${name} must have lines of whsec_ and 24 to 64 bytes in base64`)
  }
  return keys
}
