import { readYaml } from '../settings/read-yaml.ts'
import { Type, type Static, type TObject } from 'typebox'
import { resultTokenSettings } from '../access/result-token.ts'
import { publicUrlSettings } from '../http/public-url.ts'
import { type Protocol, protocols } from '../job/transfers/transfer.ts'
import { wrongName } from '../results/wrong-name.ts'
import { fieldErrors } from '../schema/field-errors.ts'
import { lazyValidator } from '../schema/lazy-validator.ts'
import { complainAs } from '../settings/complain-as.ts'
import { type Folder, folderOf } from '../settings/read-folder.ts'

export const connectorSettings = {
  CONNECTORS_DIR: Type.Optional(
    Type.String({
      description: 'The folder of the connectors, one YAML file for each; without it, there are no connectors'
    })
  ),
  CONNECTOR_SECRETS_DIR: Type.Optional(Type.String({ description: 'The folder of the keys of the connectors' })),
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

/** One connector, as the operator describes it. It contains no secrets. */
const Connector = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' }),
  protocol: Type.Unsafe<Protocol>(Type.String({ enum: [...protocols] })),
  /**
   * The base URL of its Management API, for example `…/management`. It is used to report the reason of a failure, to
   * find out whether a transfer has ended, and to read the properties of an asset.
   */
  management_url: Type.Optional(Url),
  /** The base URL of the API that registers data planes. Without it, the operator must register the data plane. */
  registration_url: Type.Optional(Url),
  /** The URL to which a data plane reports its state if the messages do not name one, for example `…/api/signaling`. */
  signaling_url: Type.Optional(Url),
  /** More origins that its callback addresses may have. The origins of the URLs above are always included. */
  callback_origins: Type.Optional(Type.Array(Url)),
  /** Whether the data address of an asset that is not listed here may define what to run. */
  assets_decide: Type.Optional(Type.Boolean()),
  /** Keyed by the id of the asset. */
  assets: Type.Optional(Type.Record(Type.String(), Asset)),
  /** The source type for which the data plane is registered, in EDC's own signaling. */
  source_type: Type.Optional(Type.String({ minLength: 1 }))
}, { additionalProperties: false })
export type Connector = Static<typeof Connector>

export type Connectors = Folder<Connector>

const isConnector = lazyValidator<Connector>(Connector)

/** The settings for working with connectors, in addition to the store. */
export interface ConnectorPlace {
  /** Returns the current connectors. */
  connectors: () => Connectors
  /** The folder of the keys of the connectors. */
  connectorSecrets: string
  resultTokenKey: string
  /** The base URL at which callers reach the API, without a slash at the end. */
  publicUrl: string
}

/**
 * Reads the settings. Without CONNECTORS_DIR, the other settings are optional. With it, throws if one of them is
 * missing. `check` returns what is wrong in a connector that can be used all the same; this is logged once.
 */
export function connectorsOf (
  title: string,
  settings: Static<TObject<typeof connectorSettings>>,
  check: (connector: Connector) => string[] = () => []
): ConnectorPlace {
  const { CONNECTORS_DIR: folder, ...needed } = settings
  const { CONNECTOR_SECRETS_DIR: connectorSecrets = '', RESULT_TOKEN_KEY: resultTokenKey = '', PUBLIC_URL: publicUrl } =
    needed
  if (folder !== undefined && [connectorSecrets, resultTokenKey, publicUrl].includes('')) {
    throw new Error('wrong settings: CONNECTORS_DIR needs CONNECTOR_SECRETS_DIR, RESULT_TOKEN_KEY and PUBLIC_URL')
  }
  const connectors = connectorsIn(
    folder,
    (file, reason) => complainAs(title, { file, msg: `The connector file is ignored: ${reason}` })
  )
  const checked = checkedBy(connectors, (connector) => {
    for (const what of check(connector)) {
      complainAs(title, { level: 'warn', msg: `the connector ${connector.name}: ${what}` })
    }
  })
  // Read the folder now, so that an unreadable folder makes the start fail.
  checked()
  return { connectors: checked, connectorSecrets, resultTokenKey, publicUrl }
}

/** Calls `check` for each usable connector that was not there at the last call. A changed file is another connector. */
function checkedBy (connectors: () => Connectors, check: (connector: Connector) => void): () => Connectors {
  let known = new Set<Connector>()
  return function readConnectors () {
    const read = connectors()
    const now = new Set(read.usable.values())
    for (const connector of now) if (!known.has(connector)) check(connector)
    known = now
    return read
  }
}

/** The connectors of a folder, read again at each call; none without a folder. */
function connectorsIn (folder: string | undefined, refused: (file: string, reason: string) => void): () => Connectors {
  return folder === undefined
    ? () => ({ usable: new Map(), refused: new Map() })
    : folderOf('connectors', folder, parseConnector, refused)
}

export function parseConnector (yaml: string): Connector {
  const connector: unknown = readYaml(yaml)
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
    throw new Error('assets_decide needs the management_url to look up the assets')
  }
  return connector
}

/** The only origins at which a connector may be called, because requests to it carry an API key. */
export function originsOf (
  { management_url: management, registration_url: registration, signaling_url: signaling, callback_origins: more = [] }:
  Connector
): string[] {
  return [management, registration, signaling, ...more].filter((url) => url !== undefined).map((url) =>
    new URL(url).origin
  )
}
