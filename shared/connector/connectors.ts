import { load } from 'js-yaml'
import { Type, type Static, type TObject } from 'typebox'
import { resultTokenSettings } from '../access/result-token.ts'
import { publicUrlSettings } from '../events/job-event.ts'
import { type Protocol, protocols } from '../job/transfer.ts'
import { wrongName } from '../results/result-name.ts'
import { fieldErrors } from '../schema/field-errors.ts'
import { lazyValidator } from '../schema/lazy-validator.ts'
import { complainAs } from '../settings/complain-as.ts'
import { type Folder, folderOf } from '../settings/read-folder.ts'

export const connectorSettings = {
  CONNECTORS_DIR: Type.Optional(
    Type.String({ description: 'The folder of the connectors, a YAML file each; without it there are none' })
  ),
  CONNECTOR_SECRETS_DIR: Type.Optional(Type.String({ description: 'The folder of their keys' })),
  ...resultTokenSettings,
  ...publicUrlSettings
}

const Url = Type.String({ format: 'uri', pattern: '^https?://' })

const Asset = Type.Object({
  template: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
  env: Type.Optional(
    Type.Record(Type.String({ minLength: 1 }), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))
  ),
  result: Type.Optional(
    Type.Union([
      Type.Literal('list'),
      Type.Literal('archive'),
      Type.Object({ file: Type.String({ minLength: 1 }) }, { additionalProperties: false })
    ])
  )
}, { additionalProperties: false })
export type Asset = Static<typeof Asset>

/** One connector, as the operator describes it. Nothing here is secret. */
const Connector = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' }),
  protocol: Type.Unsafe<Protocol>(Type.String({ enum: [...protocols] })),
  /**
   * The base of its Management API, `…/management` say: for the reason of a failure, for a transfer that has ended, for
   * an asset's properties.
   */
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

const isConnector = lazyValidator<Connector>(Connector)

/** What it takes to deal with connectors, besides the store. */
export interface ConnectorPlace {
  /** As they are just now. */
  connectors: () => Connectors
  /** The folder of their keys. */
  connectorSecrets: string
  resultTokenKey: string
  /** The API as callers reach it, without a slash at its end. */
  publicUrl: string
}

/**
 * By the settings. Without connectors there is nothing that asks for the rest; with them it throws when that is
 * missing.
 */
export function connectorsOf (title: string, settings: Static<TObject<typeof connectorSettings>>): ConnectorPlace {
  const { CONNECTORS_DIR: folder, ...needed } = settings
  const { CONNECTOR_SECRETS_DIR: connectorSecrets = '', RESULT_TOKEN_KEY: resultTokenKey = '', PUBLIC_URL: publicUrl } =
    needed
  if (folder !== undefined && [connectorSecrets, resultTokenKey, publicUrl].includes('')) {
    throw new Error('wrong settings: CONNECTORS_DIR needs CONNECTOR_SECRETS_DIR, RESULT_TOKEN_KEY and PUBLIC_URL')
  }
  const connectors = connectorsIn(
    folder,
    (file, reason) => complainAs(title, { file, msg: `connector left out: ${reason}` })
  )
  // Now rather than at the first request; a folder that cannot be read ends the start.
  connectors()
  return { connectors, connectorSecrets, resultTokenKey, publicUrl }
}

/** The connectors of a folder, as they are at each call; none without one. */
function connectorsIn (folder: string | undefined, refused: (file: string, reason: string) => void): () => Connectors {
  return folder === undefined
    ? () => ({ usable: new Map(), refused: new Map() })
    : folderOf('connectors', folder, parseConnector, refused)
}

export function parseConnector (yaml: string): Connector {
  const connector: unknown = load(yaml)
  if (!isConnector(connector)) {
    throw new Error(`not a connector: ${
      fieldErrors(isConnector.errors, 'it').map(({ field, message }) => `${field} ${message}`).join(', ')
    }`)
  }
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
export function originsOf (
  { management_url: management, registration_url: registration, signaling_url: signaling, callback_origins: more = [] }:
  Connector
): string[] {
  return [management, registration, signaling, ...more].filter((url) => url !== undefined).map((url) =>
    new URL(url).origin
  )
}
