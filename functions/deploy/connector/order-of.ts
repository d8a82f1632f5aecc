import type { Asset, Connector } from '../../../shared/connector/connectors.ts'
import { problem } from '../../../shared/http/problem.ts'
import type { Result } from '../../../shared/job/transfers/transfer.ts'
import type { DeployRequest } from '../intake/resolve-request.ts'
import type { Template, Templates } from '../templates/read-templates.ts'

/** The job to run for the transfer of an asset. */
export interface Order extends DeployRequest {
  result: Result
  /**
   * The asset's own properties must be looked up first. Until then, the template is only a stand-in, and there is no
   * environment.
   */
  lookUp: boolean
}

/** Properties of an asset's data address by name, without the IRI prefix. */
export type Properties = Record<string, string>

interface Asked {
  /** From the endpoint's query, which the operator sets in the connector's settings. */
  template?: string | undefined
  /** The asset's properties, if the protocol sends them with the request. */
  properties?: Properties | undefined
}

/**
 * The template, environment and result for an asset. The operator's table has priority, then the endpoint's query, then
 * the asset's own properties if the table allows them (`assets_decide`). Throws `unknown-asset` when none of these
 * names a template. That answer ends the transfer at once, so the consumer does not wait.
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
      `The connector table has no asset ${asset} for ${connector.name}; add it, or set template in the endpoint's query`
    )
  }
  const own = mayDecide && listed === undefined ? properties : undefined
  const lookUp = mayDecide && listed === undefined && properties === undefined && connector.management_url !== undefined
  const named = listed?.template ?? template ?? own?.['jobTemplate']
  // Never the default template: a consumer would get the data of a job that nobody has chosen for the asset.
  if (named === undefined && !lookUp) throw problem('unknown-asset', namesNoJob(connector, asset, listed !== undefined))
  const name = named ?? defaultTemplate
  const used = usable.get(name)
  return {
    template: name,
    env: { ...(used && own && envOf(used, own)), ...listed?.env },
    result: listed?.result ?? resultOf(own, used),
    lookUp
  }
}

function namesNoJob ({ name }: Connector, asset: string, isListed: boolean): string {
  return isListed
    ? `The asset ${asset} has no template in the connector table of ${name}; add it there`
    : `The data address of the asset ${asset} has no property jobTemplate, and the connector table of ${name} does ` +
      'not have the asset; add one of them'
}

/**
 * The template's variables, each from the property of the same name, or of that name in lowercase. All other properties
 * are ignored.
 */
function envOf ({ env }: Template, properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.keys(env.properties).flatMap((name) => {
      const value = properties[name] ?? properties[name.toLowerCase()]
      return value === undefined ? [] : [[name, value]]
    })
  )
}

/** The result that the asset names, else the template's demo file, else the list of all files. */
function resultOf (properties: Properties | undefined, template: Template | undefined): NonNullable<Asset['result']> {
  const named = properties?.['result']
  if (named === 'list' || named === 'archive') return named
  const file = named ?? template?.demoResult
  return file === undefined ? 'list' : { file }
}
