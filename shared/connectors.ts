import { load } from 'js-yaml'
import { Type, type Static } from 'typebox'
import { newAjv } from './new-ajv.ts'
import { problem } from './problem.ts'
import { type Folder, folderOf } from './read-folder.ts'
import { wrongName } from './result-name.ts'
import { type Protocol, protocols } from './transfer.ts'

export const connectorSettings = {
  CONNECTORS_DIR: Type.Optional(Type.String({ description: 'The folder of the connectors, a YAML file each; without it there are none' })),
  CONNECTOR_SECRETS_DIR: Type.String({ default: '/etc/gx4ki/connector-secrets' }),
  PUBLIC_URL: Type.String({ pattern: '^https?://', default: 'http://127.0.0.1:8080', description: 'The entry point as callers reach it' })
}

const Url = Type.String({ format: 'uri', pattern: '^https?://' })

const Asset = Type.Object({
  template: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
  env: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))),
  result: Type.Optional(Type.Union([Type.Literal('list'), Type.Literal('archive'), Type.Object({ file: Type.String({ minLength: 1 }) }, { additionalProperties: false })]))
}, { additionalProperties: false })
export type Asset = Static<typeof Asset>

/** One connector, as the operator describes it. Nothing here is secret. */
const Connector = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' }),
  protocol: Type.Unsafe<Protocol>(Type.String({ enum: [...protocols] })),
  /** The base of its Management API, `…/management` say: for the reason of a failure, for a transfer that has ended, for an asset's properties. */
  management_url: Type.Optional(Url),
  /** The base of the API that a data plane is registered at; without it the operator does that. */
  registration_url: Type.Optional(Url),
  /** Where a data plane tells how far it is, when the messages do not say: `…/api/signaling` say. */
  signaling_url: Type.Optional(Url),
  /** Further origins at which it may want to be called back; those of the addresses above are known. */
  callback_origins: Type.Optional(Type.Array(Url)),
  /** Whether an asset that is not listed here may say itself, in its data address, what is to run. */
  assets_decide: Type.Optional(Type.Boolean()),
  /** By the id of the asset. */
  assets: Type.Optional(Type.Record(Type.String(), Asset)),
  /** The type of data address that a data plane is asked for with, in EDC's own signaling. */
  source_type: Type.Optional(Type.String({ minLength: 1 }))
}, { additionalProperties: false })
export type Connector = Static<typeof Connector>

export type Connectors = Folder<Connector>

const ajv = newAjv()
const isConnector = ajv.compile<Connector>(Connector)

/** The connectors of a folder, as they are at each call; none without one. */
export function connectorsIn (folder: string | undefined, refused: (file: string, reason: string) => void): () => Connectors {
  if (folder === undefined) return () => ({ usable: new Map(), refused: new Map() })
  const read = folderOf(folder, parseConnector, refused)
  return function readConnectors () {
    try {
      return read()
    } catch (cause) {
      throw problem('connectors-unavailable', `The folder of the connectors, ${folder}, cannot be read`, { cause })
    }
  }
}

export function parseConnector (yaml: string): Connector {
  const connector: unknown = load(yaml)
  if (!isConnector(connector)) throw new Error(`not a connector: ${ajv.errorsText(isConnector.errors, { dataVar: 'connector' })}`)
  for (const [asset, { result }] of Object.entries(connector.assets ?? {})) {
    const wrong = typeof result === 'object' ? wrongName(result.file) : undefined
    if (wrong !== undefined) throw new Error(`the result file of asset ${asset} ${wrong}`)
  }
  if (connector.assets_decide && connector.protocol === 'http-provisioner' && connector.management_url === undefined) {
    throw new Error('assets_decide needs the management_url, to look up the assets')
  }
  return connector
}

/** The origins that a connector itself may be reached at, and no other: an API key goes with what is sent there. */
export function originsOf ({ management_url: management, registration_url: registration, signaling_url: signaling, callback_origins: more = [] }: Connector): string[] {
  return [management, registration, signaling, ...more].filter((url) => url !== undefined).map((url) => new URL(url).origin)
}
