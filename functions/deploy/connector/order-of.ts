import type { Asset, Connector } from '../../../shared/connector/connectors.ts'
import { problem } from '../../../shared/http/problem.ts'
import type { Result } from '../../../shared/job/transfer.ts'
import type { DeployRequest } from '../start/accept-job.ts'
import type { Template, Templates } from '../templates/read-templates.ts'

/** What a transfer of an asset asks for. */
export interface Order extends DeployRequest {
  result: Result
  lookUp: boolean
}

/** Properties of an asset's data address by their names, without the IRI before them. */
export type Properties = Record<string, string>

interface Asked {
  /** Of the endpoint's query: what the operator wrote into the connector's settings. */
  template?: string | undefined
  /** Of the asset, where the protocol brings them along. */
  properties?: Properties | undefined
}

/**
 * What is to run for an asset: the operator's table goes first, then the endpoint's query, then the asset's own
 * properties where the table lets them decide. Throws `unknown-asset` when nobody says: an answer that ends the
 * transfer at once, before anybody waits for nothing.
 */
export function orderOf (
  connector: Connector,
  asset: string,
  { template, properties }: Asked,
  { templates, defaultTemplate }: { templates: () => Templates, defaultTemplate: string }
): Order {
  const { usable } = templates()
  const listed = connector.assets !== undefined && Object.hasOwn(connector.assets, asset)
    ? connector.assets[asset]
    : undefined
  const mayDecide = connector.assets_decide === true
  if (listed === undefined && template === undefined && !mayDecide) {
    throw problem(
      'unknown-asset',
      `The connector ${connector.name} has no asset ${asset} in the table, and nothing else says what to run for it`
    )
  }
  const own = mayDecide && listed === undefined ? properties : undefined
  const name = listed?.template ?? template ?? own?.['jobTemplate'] ?? defaultTemplate
  const used = usable.get(name)
  return {
    template: name,
    env: { ...(used && own && envOf(used, own)), ...listed?.env },
    result: listed?.result ?? resultOf(own, used),
    lookUp: mayDecide && listed === undefined && properties === undefined
  }
}

/**
 * A variable of the template is the property of the same name, written as it is or in small letters; all others are
 * none of the job's business.
 */
function envOf ({ env }: Template, properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.keys(env.properties).flatMap((name) => {
      const value = properties[name] ?? properties[name.toLowerCase()]
      return value === undefined ? [] : [[name, value]]
    })
  )
}

/** What the asset names, the file that its template is known by, or the list of all. */
function resultOf (properties: Properties | undefined, template: Template | undefined): NonNullable<Asset['result']> {
  const named = properties?.['result']
  if (named === 'list' || named === 'archive') return named
  const file = named ?? template?.demoResult
  return file === undefined ? 'list' : { file }
}
