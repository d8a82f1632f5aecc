import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { bearerOf, unauthorized } from '../../../shared/access/bearer.ts'
import { connectorKey } from '../../../shared/connector/connector-secret.ts'
import type { Connector, Connectors } from '../../../shared/connector/connectors.ts'
import { problem } from '../../../shared/http/problem.ts'
import type { Protocol } from '../../../shared/job/transfer.ts'

/** What a connector shows of itself, in the address that it was given: EDC sends no credentials of its own. */
export interface Shown {
  connector?: string | undefined
  key?: string | undefined
}

/**
 * The connector that shows its own key. Throws `unauthorized`, in the same time and with the same words whether there
 * is no such connector, it speaks another protocol, it has no key, or the key is another.
 */
export function admitConnector (
  { usable }: Connectors,
  secretsDir: string,
  { connector: name, key = '' }: Shown,
  ...spoken: Protocol[]
): Connector {
  const connector = name === undefined ? undefined : usable.get(name)
  const expected = connector && connectorKey(secretsDir, connector.name, 'endpoint')
  const isRight = timingSafeEqual(digest(key), expected === undefined ? randomBytes(32) : digest(expected))
  if (connector === undefined || !isRight || !spoken.includes(connector.protocol)) {
    throw problem('unauthorized', 'There is no such connector, or its key is another')
  }
  return connector
}

/** The connector whose key comes as a bearer token; there is no name with it. */
export function admitDataPlaneKey (
  { usable }: Connectors,
  secretsDir: string,
  authorization: string | undefined,
  ...spoken: Protocol[]
): Connector {
  const key = bearerOf(authorization)
  const fitting = [...usable.values()].filter(({ name, protocol }) => {
    const expected = connectorKey(secretsDir, name, 'endpoint')
    return key !== undefined && expected !== undefined && spoken.includes(protocol) &&
      timingSafeEqual(digest(key), digest(expected))
  })
  if (fitting.length !== 1) throw unauthorized('A key of a connector is missing: Authorization: Bearer …')
  return fitting[0]!
}

/** Of equal length, whatever was sent. */
function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
