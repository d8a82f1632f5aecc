import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { bearerOf, unauthorized } from '../../../shared/access/bearer.ts'
import { connectorKey } from '../../../shared/connector/connector-secret.ts'
import type { Connector, Connectors } from '../../../shared/connector/connectors.ts'
import { problem } from '../../../shared/http/problem.ts'
import type { Protocol } from '../../../shared/job/transfer.ts'

/** The connector's name and key from the request URL. They are in the URL because EDC sends no other credentials. */
export interface Shown {
  connector?: string | undefined
  key?: string | undefined
}

/**
 * Returns the connector with this name and key. Throws `unauthorized` when the connector is unknown, uses another
 * protocol, has no key, or has a different key. Time and message are the same in all these cases.
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
    throw problem('unauthorized', 'The connector is unknown, its key does not match, or it uses another protocol')
  }
  return connector
}

/** Returns the connector whose key is the bearer token. The request has no connector name. */
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
  if (fitting.length !== 1) {
    throw unauthorized('The key of a connector is missing or does not match; send it as Authorization: Bearer …')
  }
  return fitting[0]!
}

/** Has the same length for every text, as `timingSafeEqual` requires. */
function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
