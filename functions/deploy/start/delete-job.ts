import { type Cluster, objectName, orAbsent } from '../../../shared/kubernetes/cluster.ts'

/** Deletes a Job and everything that it owns. The Job stays visible until its pods are gone (`ending`). */
export async function deleteJob ({ batch, namespace }: Cluster, id: string): Promise<'ending' | 'absent'> {
  const deleted = await orAbsent(
    batch.deleteNamespacedJob({ namespace, name: objectName(id), propagationPolicy: 'Foreground' })
  )
  return deleted === undefined ? 'absent' : 'ending'
}
