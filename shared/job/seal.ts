import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/**
 * Encrypts secret values for the record, where they stay until Kubernetes has them. Without them, a start that was
 * interrupted between record and Secret could never be completed. Uses AES-256-GCM with a key derived for this purpose;
 * the result is bound to the job.
 */
export function seal (key: string, id: string, values: Record<string, string>): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', sealingKey(key), nonce).setAAD(Buffer.from(id))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(values)), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
}

/** Throws when the values were sealed with another key or for another job, or are damaged. */
export function unseal (key: string, id: string, sealed: string): Record<string, string> {
  const bytes = Buffer.from(sealed, 'base64')
  const cipher = createDecipheriv('aes-256-gcm', sealingKey(key), bytes.subarray(0, 12), { authTagLength: 16 }).setAAD(
    Buffer.from(id)
  )
  cipher.setAuthTag(bytes.subarray(12, 28))
  return JSON.parse(Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]).toString()) as Record<
    string,
    string
  >
}

function sealingKey (key: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'gx4ki sealed env', 32))
}
