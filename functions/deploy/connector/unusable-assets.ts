import type { Connector } from '../../../shared/connector/connectors.ts'
import type { Templates } from '../templates/read-templates.ts'

/** The assets in the operator's table whose transfers will be refused, each with the reason. */
export function unusableAssets ({ protocol, assets = {} }: Connector, { usable, refused }: Templates): string[] {
  return Object.entries(assets).flatMap(([asset, { template }]) => {
    // With the HTTP provisioner, the query of the endpoint may name the template.
    if (template === undefined) {
      return protocol === 'http-provisioner' ? [] : [`the asset ${asset} names no template; every transfer of it is refused`]
    }
    if (usable.has(template)) return []
    const reason = refused.get(`${template}.yaml`) ?? refused.get(`${template}.yml`)
    return [
      `the asset ${asset} names the template ${template}, ${
        reason === undefined ? 'which does not exist' : `which cannot be used: ${reason}`
      }; every transfer of it is refused`
    ]
  })
}
