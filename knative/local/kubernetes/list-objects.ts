import { metadataOf, wantsMetadata } from './metadata-only.ts'
import { type Objects, type Resource, resources } from './objects.ts'
import { refusal } from './refusal.ts'
import type { Store } from './store.ts'

/**
 * The answer to a list, whole or a page of it, in the order of the names. A later page has the objects of now, and not
 * those of the first page's moment. A token that is too old is refused, as by a real server after some minutes.
 */
export function listObjects (
  store: Store,
  resource: Resource,
  objects: Objects[Resource][],
  { limit = '0', continue: token }: Record<string, string>,
  accept: string | undefined
): object {
  const { apiVersion, kind } = resources[resource]
  const after = token === undefined ? '' : nameIn(token, store)
  const left = objects
    .filter(({ metadata }) => metadata.name > after)
    .sort((a, b) => a.metadata.name < b.metadata.name ? -1 : 1)
  const items = Number(limit) > 0 ? left.slice(0, Number(limit)) : left
  const metadata = {
    resourceVersion: String(store.revision),
    ...(items.length < left.length && { continue: `${store.revision}/${items.at(-1)!.metadata.name}` })
  }
  return wantsMetadata(accept, 'PartialObjectMetadataList')
    ? { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadataList', metadata, items: items.map(metadataOf) }
    : { apiVersion, kind: `${kind}List`, metadata, items }
}

function nameIn (token: string, { forgotten }: Store): string {
  const [revision, name] = token.split('/')
  if (name === undefined) throw refusal('BadRequest', 'continue key is not valid')
  if (Number(revision) < forgotten) {
    throw refusal('Expired', 'The provided continue parameter is too old to display a consistent list result.')
  }
  return name
}
