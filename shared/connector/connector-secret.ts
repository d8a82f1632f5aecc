import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `endpoint`: the key that the connector sends to this system. `management`, `control`: the keys that this system sends
 * to the connector's Management API and to its control plane's API for data planes.
 */
export type ConnectorKey = 'endpoint' | 'management' | 'control'

/**
 * A key of a connector, from the file `<connector>.<which>-key` of a mounted Secret; `undefined` when there is none. It
 * is read at each use and never stored, because a Secret can change while the function runs.
 */
export function connectorKey (folder: string, connector: string, which: ConnectorKey): string | undefined {
  try {
    // A Secret that was made from a file often ends with a newline.
    const key = readFileSync(join(folder, `${connector}.${which}-key`), 'utf8').replace(/\r?\n$/, '')
    return key === '' ? undefined : key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`the ${which} key of connector ${connector} cannot be read from CONNECTOR_SECRETS_DIR`, {
      cause: error
    })
  }
}
