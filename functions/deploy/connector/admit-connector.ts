import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { bearerOf, credentialMissing, credentialWrong } from '../../../shared/access/bearer.ts'
import { connectorKey } from '../../../shared/connector/connector-secret.ts'
import type { Connector, Connectors } from '../../../shared/connector/connectors.ts'
import { isProblem } from '../../../shared/http/problem.ts'
import type { Protocol } from '../../../shared/job/transfers/transfer.ts'

/** The connector's name and key from the request URL. They are in the URL because EDC sends no other credentials. */
export interface Shown {
  connector?: string | undefined
  key?: string | undefined
}

/**
 * Returns the connector with this name and key. Throws `unauthorized` when the connector is unknown, uses another
 * protocol, has no key, or has a different key. Time and message are the same in all these cases. The challenge is a
 * plain one: the key was no bearer token.
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
    throw credentialMissing('The connector is unknown, its key does not match, or it uses another protocol')
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
  if (key === undefined) {
    throw credentialMissing('The key of a connector is missing; send it as Authorization: Bearer …')
  }
  const fitting = [...usable.values()].filter(({ name, protocol }) => {
    const expected = connectorKey(secretsDir, name, 'endpoint')
    return expected !== undefined && spoken.includes(protocol) &&
      timingSafeEqual(digest(key), digest(expected))
  })
  if (fitting.length !== 1) throw credentialWrong('The key does not match that of any connector')
  return fitting[0]!
}

/**
 * The verdict on a key before the body is read, for the limit of requests. `undefined` if there is none yet, because
 * the table cannot be read: then the route itself finds out.
 */
export function judgeKey (admit: () => Connector): Error | 'right' | undefined {
  try {
    admit()
    return 'right'
  } catch (error) {
    return isProblem(error, 'unauthorized') ? error : undefined
  }
}

/** Has the same length for every text, as `timingSafeEqual` requires. */
function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
