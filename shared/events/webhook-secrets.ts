import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from 'typebox'

export const webhookSettings = {
  WEBHOOK_SECRETS_DIR: Type.Optional(
    Type.String({ minLength: 1, description: 'The folder of the secrets that sign webhooks, one file for each secret' })
  )
}

/** The valid key names of a Kubernetes Secret, without hidden files and the files of the mount itself (`..data`). */
export const SecretName = Type.String({
  pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}$',
  'x-message': 'must be the name of a secret',
  description: 'The name of the secret that signs the callback; the operator defines the secrets'
})

/** Standard Webhooks 1.0: 24 to 64 bytes in base64. */
const shape = /^whsec_([A-Za-z0-9+/]+={0,2})$/

/**
 * The keys of a secret, one on each line. Two lines allow a rotation: both keys sign until every receiver has the new
 * one. The file is read at each call, because a mounted Secret can change while the function runs. Throws when the
 * secret does not exist or has an invalid key. No message contains a key.
 */
export function webhookKeys (folder: string | undefined, name: string): Buffer[] {
  if (folder === undefined) throw new Error('WEBHOOK_SECRETS_DIR is not set, so there are no webhook secrets')
  const lines = readFileSync(join(folder, name), 'utf8').split('\n').map((line) => line.trim()).filter((line) =>
    line !== ''
  )
  const keys = lines.map((line) => Buffer.from(shape.exec(line)?.[1] ?? '', 'base64'))
  if (keys.length === 0 || keys.some(({ length }) => length < 24 || length > 64)) {
    throw new Error(`the secret ${name} must have one key on each line: whsec_ and 24 to 64 bytes in base64`)
  }
  return keys
}
