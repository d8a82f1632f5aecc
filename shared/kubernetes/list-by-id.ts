import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node'
import { inBatches } from '../store/object-store.ts'
import { type Cluster, genuine, JOB_LABEL, kubernetesUnavailable, managedSelector } from './cluster.ts'

/**
 * How many jobs one request names. The list then has no other Jobs, however many finished ones still stand, and its
 * length has this bound, so it needs no pages. More ids would make a URL that proxies refuse (8 KiB).
 */
const IDS = 150

/** The selector of the objects of these jobs. */
export function selectorOf (ids: string[]): string {
  return `${managedSelector},${JOB_LABEL} in (${ids.join(',')})`
}

/** Ids in groups of which each fits into one request. */
export function idGroups<T> (items: T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / IDS) }, (_, at) => items.slice(at * IDS, (at + 1) * IDS))
}

/** The job of an object. */
export function jobIdOf ({ metadata }: KubernetesObject): string | undefined {
  return metadata?.labels?.[JOB_LABEL]
}

/**
 * The resource versions of the Jobs of these jobs and of their pods, or of the Jobs alone. They are equal only if
 * nothing of them has changed. The API server sends the metadata and nothing else.
 */
export async function versionsOf (
  cluster: Cluster,
  ids: string[],
  resources: ('jobs' | 'pods')[] = ['jobs', 'pods']
): Promise<Map<string, string>> {
  const versions = new Map<string, string[]>()
  await inBatches(
    idGroups(ids).flatMap((group) => resources.map((resource) => ({ group, resource }))),
    async ({ group, resource }) => {
      for (const object of await listMetadata(cluster, resource, selectorOf(group))) {
        const id = jobIdOf(object) ?? ''
        versions.set(id, [...versions.get(id) ?? [], versionOf(object)])
      }
    }
  )
  return new Map([...versions].map(([id, each]) => [id, joined(each)]))
}

/** The same of objects that were read whole. */
export function versionOfAll (objects: KubernetesObject[]): string {
  return joined(objects.map(versionOf))
}

function versionOf ({ metadata }: KubernetesObject): string {
  return `${metadata?.uid}@${metadata?.resourceVersion}`
}

function joined (versions: string[]): string {
  return versions.toSorted().join()
}

async function listMetadata (
  { batch, core, namespace }: Cluster,
  resource: 'jobs' | 'pods',
  labelSelector: string
): Promise<KubernetesObject[]> {
  const query = { namespace, labelSelector, metadataOnly: true }
  const list: Promise<KubernetesListObject<KubernetesObject>> = resource === 'jobs'
    ? batch.listNamespacedJob(query)
    : core.listNamespacedPod(query)
  const { items } = await list.then(genuine).catch((error: unknown) => {
    throw kubernetesUnavailable(error)
  })
  return items
}
