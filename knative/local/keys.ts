import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

export interface Keys {
  store: { accessKey: string, secretKey: string }
  jobToken: string
  resultToken: string
}

export function newKeys (): Keys {
  return {
    store: { accessKey: randomBytes(10).toString('hex'), secretKey: randomBytes(20).toString('hex') },
    jobToken: randomBytes(32).toString('base64url'),
    resultToken: randomBytes(32).toString('base64url')
  }
}

/** The keys in a file, which is made if there is none: with other keys, what is in the store could not be read. */
export function keptKeys (file: string): Keys {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Keys
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new Error(`the keys in ${file} cannot be read (${(error as Error).message}); remove its folder to start anew`)
    }
    const keys = newKeys()
    writeFileSync(file, JSON.stringify(keys), { mode: 0o600 })
    return keys
  }
}
