import { Type, type Static } from 'typebox'
import { askConnector } from '../../../shared/connector/ask-connector.ts'
import { connectorKey } from '../../../shared/connector/connector-secret.ts'
import { type Connector, originsOf } from '../../../shared/connector/connectors.ts'
import { HTTP_PULL, HTTP_PUSH } from '../../../shared/connector/data-flow.ts'
import { keyHeader } from '../../../shared/connector/management-api.ts'
import { percentEncode } from '../../../shared/http/percent-encode.ts'
import { lazyValidator } from '../../../shared/schema/lazy-validator.ts'
import type { ConnectorDeps } from './connector-deps.ts'

const ID = 'gx4ki-jobs'
const NS = 'https://w3id.org/edc/v0.0.1/ns/'

/** The fields of EDC's list of data planes that are used here. */
const Listed = Type.Array(Type.Object({ '@id': Type.String(), url: Type.Optional(Type.String()) }))
const isListed = lazyValidator<Static<typeof Listed>>(Listed)

/**
 * Registers this system as a data plane at every connector that has a `registration_url` in the table. Each ping does
 * this, because a connector may lose the registration. A failure at one connector does not affect the others.
 */
export async function registerDataPlane (
  deps: ConnectorDeps,
  report: (connector: string, outcome: 'registered as a data plane' | Error) => void
): Promise<void> {
  await Promise.all([...deps.connectors().usable.values()].map(async (connector) => {
    const { name, protocol, registration_url: url } = connector
    const key = connectorKey(deps.connectorSecrets, name, 'endpoint')
    if (url === undefined || key === undefined || protocol === 'http-provisioner') return
    const endpoint = `${deps.publicUrl}/connector/${name}/${percentEncode(key)}/dataflows`
    try {
      const isNew = await (protocol === 'edc-signaling' ? registerAtEdc : registerByTheBook)(
        deps,
        connector,
        url.replace(/\/$/, ''),
        endpoint
      )
      if (isNew) report(name, 'registered as a data plane')
    } catch (error) {
      report(name, error as Error)
    }
  }))
}

/**
 * Registers only if the data plane is not listed: after each registration EDC treats the data plane as unavailable
 * until its next check. Returns whether it registered.
 */
async function registerAtEdc (
  { connectorSecrets }: ConnectorDeps,
  connector: Connector,
  url: string,
  endpoint: string
): Promise<boolean> {
  const headers = {
    'content-type': 'application/json',
    ...keyHeader(connectorKey(connectorSecrets, connector.name, 'control'))
  }
  const { status, body } = await askConnector(originsOf(connector), {
    method: 'GET',
    url: `${url}/v1/dataplanes`,
    headers
  })
  if (status === 200 && isListed(body) && body.some((plane) => plane['@id'] === ID && plane.url === endpoint)) {
    return false
  }
  const answer = await askConnector(originsOf(connector), {
    method: 'POST',
    url: `${url}/v1/dataplanes`,
    headers,
    body: JSON.stringify({
      '@context': { '@vocab': NS },
      '@type': 'DataPlaneInstance',
      '@id': ID,
      url: endpoint,
      allowedSourceTypes: [connector.source_type ?? 'SimulationJob'],
      allowedDestTypes: ['HttpData'],
      allowedTransferTypes: ['HttpData-PULL', 'HttpData-PUSH']
    })
  })
  if (answer.status !== 200) {
    throw new Error(
      `the data plane is not registered: the answer is ${answer.status}; check registration_url and the control key`
    )
  }
  return true
}

/**
 * In the specification a registration replaces the previous one. EDC up to 0.18 reads `transferTypes` instead of
 * `profiles`.
 */
async function registerByTheBook (
  { connectorSecrets }: ConnectorDeps,
  connector: Connector,
  url: string,
  endpoint: string
): Promise<boolean> {
  const { status } = await askConnector(originsOf(connector), {
    method: 'PUT',
    url: `${url}/dataplanes`,
    headers: {
      'content-type': 'application/json',
      ...keyHeader(connectorKey(connectorSecrets, connector.name, 'control'))
    },
    body: JSON.stringify({
      dataplaneId: ID,
      endpoint,
      profiles: [HTTP_PULL, HTTP_PUSH],
      transferTypes: ['HttpData-PULL', 'HttpData-PUSH', HTTP_PULL, HTTP_PUSH]
    })
  })
  if (status < 200 || status > 299) {
    throw new Error(
      `the data plane is not registered: the answer is ${status}; check registration_url and the control key`
    )
  }
  return false
}
