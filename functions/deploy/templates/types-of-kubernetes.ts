import * as models from '@kubernetes/client-node'

/** A field of a type. */
export interface Attribute {
  baseName: string
  type: string
  /** Of a number: `int32`, `int64` or `double`. */
  format: string
}

interface Model {
  getAttributeTypeMap: () => Attribute[]
}

/**
 * The types of which a Job consists, each with its fields. client-node carries them: it is generated from the OpenAPI
 * document of a release of Kubernetes. build.ts runs this file and puts only the value into the bundle, because
 * client-node is 5 MB of code.
 */
export const typesOfKubernetes: Record<string, Attribute[] | undefined> = typesBelow('V1Job')

function typesBelow (root: string): Record<string, Attribute[]> {
  const found: Record<string, Attribute[]> = {}
  const open = [root]
  for (let type = open.pop(); type !== undefined; type = open.pop()) {
    const model = (models as unknown as Record<string, Model | undefined>)[type]
    if (found[type] !== undefined || typeof model?.getAttributeTypeMap !== 'function') continue
    const attributes = model.getAttributeTypeMap().map(({ baseName, type, format }) => ({ baseName, type, format }))
    found[type] = attributes
    // `Array<V1Container>`, `{ [key: string]: V1Thing; }`
    for (const attribute of attributes) open.push(...attribute.type.match(/\w+/g) ?? [])
  }
  return found
}
