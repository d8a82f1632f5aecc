import type { Objects, Resource } from './objects.ts'

/**
 * Whether a request wants only the metadata of one object, or of a list.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches
 */
export function wantsMetadata (
  accept: string | undefined,
  kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'
): boolean {
  const wanted = `application/json;as=${kind};g=meta.k8s.io;v=v1`
  return accept?.split(',').some((type) => type.replace(/\s/g, '') === wanted) ?? false
}

export function metadataOf ({ metadata }: Objects[Resource]): object {
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata }
}
