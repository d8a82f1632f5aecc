import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `endpoint`: what the connector shows us; `management`, `control`: what we show it, at its Management API and at the
 * API of its control plane for data planes.
 */
export type ConnectorKey = 'endpoint' | 'management' | 'control'

/**
 * A key of a connector, from the file `<connector>.<which>-key` of a mounted Secret; `undefined` when there is none.
 * Read when it is needed: a Secret changes under a running function, and nothing else ever holds the key.
 */
export function connectorKey (folder: string, connector: string, which: ConnectorKey): string | undefined {
  try {
    // Whoever makes a Secret from a file often has a line end in it.
    const key = readFileSync(join(folder, `${connector}.${which}-key`), 'utf8').replace(/\r?\n$/, '')
    return key === '' ? undefined : key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`the ${which} key of connector ${connector} cannot be read`, { cause: error })
  }
}
