import { Type, type Static } from 'typebox'
import { lazyValidator } from '../schema/lazy-validator.ts'
import { askConnector } from './ask-connector.ts'
import { connectorKey } from './connector-secret.ts'
import { type Connector, originsOf } from './connectors.ts'

const NS = 'https://w3id.org/edc/v0.0.1/ns/'

/** The Management API of a connector, version 3, with the data to call it. */
export interface ManagementApi {
  name: string
  url: string
  key: string | undefined
  origins: string[]
}

/** Throws when the connector has no `management_url` in the operator's table. */
export function managementApi (connector: Connector, secretsDir: string): ManagementApi {
  const { name, management_url: url } = connector
  if (url === undefined) throw new Error(`the connector ${name} has no management_url`)
  return {
    name,
    url: `${url.replace(/\/$/, '')}/v3`,
    key: connectorKey(secretsDir, name, 'management'),
    origins: originsOf(connector)
  }
}

export function keyHeader (key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { 'x-api-key': key }
}

const StateAnswer = Type.Object({ state: Type.String() })
const AssetAnswer = Type.Object({ dataAddress: Type.Record(Type.String(), Type.Unknown()) })
/** EDC's answer for an unknown object. Any other 404 may come from a wrong URL. */
const NotFound = Type.Array(Type.Object({ type: Type.Literal('ObjectNotFound') }), { minItems: 1 })
const isState = lazyValidator<Static<typeof StateAnswer>>(StateAnswer)
const isAsset = lazyValidator<Static<typeof AssetAnswer>>(AssetAnswer)
const isNotFound = lazyValidator(NotFound)

/**
 * The state of a transfer process; `undefined` when the connector does not know it, for example because it was
 * restarted and keeps its data in memory.
 */
export async function transferState (api: ManagementApi, transfer: string): Promise<string | undefined> {
  return await look(api, `transferprocesses/${encodeURIComponent(transfer)}/state`, isState).then((answer) =>
    answer?.state
  )
}

/**
 * The properties of an asset's data address, named without their IRI prefix; `undefined` when there is no such asset.
 */
export async function assetProperties (api: ManagementApi, asset: string): Promise<Record<string, string> | undefined> {
  const answer = await look(api, `assets/${encodeURIComponent(asset)}`, isAsset)
  return answer &&
    Object.fromEntries(
      Object.entries(answer.dataAddress).flatMap(([name, value]) =>
        typeof value === 'string' && !name.startsWith('@')
          ? [[name.startsWith(NS) ? name.slice(NS.length) : name.replace(/^edc:/, ''), value]]
          : []
      )
    )
}

async function look<T> (
  { name, url, key, origins }: ManagementApi,
  path: string,
  isExpected: (body: unknown) => body is T
): Promise<T | undefined> {
  const { status, body } = await askConnector(origins, {
    method: 'GET',
    url: `${url}/${path}`,
    headers: keyHeader(key)
  })
  if (status === 404 && isNotFound(body)) return undefined
  if (status !== 200 || !isExpected(body)) {
    throw new Error(`the Management API of connector ${name} answered ${status} to GET ${path}`, { cause: { status } })
  }
  return body
}

/**
 * The request that terminates a transfer and gives the reason. The answer 409 means that the transfer has ended
 * already.
 */
export function terminateRequest ({ url, key }: ManagementApi, transfer: string, reason: string) {
  return {
    method: 'POST' as const,
    url: `${url}/transferprocesses/${encodeURIComponent(transfer)}/terminate`,
    headers: { 'content-type': 'application/json', ...keyHeader(key) },
    body: JSON.stringify({ '@context': { '@vocab': NS }, '@type': 'TerminateTransfer', reason })
  }
}
