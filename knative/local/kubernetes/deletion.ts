import { hasEnded, type Objects, type Pod, type Resource, timestamp } from './objects.ts'
import { type Change, list, remove, type Store, update } from './store.ts'

const finalizers = { Foreground: 'foregroundDeletion', Orphan: 'orphan', Background: undefined }

/** Orphan keeps the dependents, Foreground deletes them before the owner, Background deletes them after it. */
export type Propagation = keyof typeof finalizers

/** Deletes an object at once. A running pod and an object with a finalizer are only marked for deletion. */
export function requestDeletion<R extends Resource> (
  store: Store,
  resource: R,
  object: Objects[R],
  propagation: Propagation,
  gracePeriodSeconds?: number
): void {
  const finalizer = finalizers[propagation]
  const running = resource === 'pods' && !hasEnded(object as Pod)
  if (!finalizer && !running && !object.metadata.finalizers?.length) return remove(store, resource, object)
  const seconds = running ? gracePeriodSeconds ?? (object as Pod).spec.terminationGracePeriodSeconds ?? 30 : 0
  update(store, resource, object, ({ metadata }) => {
    metadata.deletionTimestamp ??= timestamp(Date.now() + seconds * 1000)
    metadata.deletionGracePeriodSeconds = Math.min(seconds, metadata.deletionGracePeriodSeconds ?? seconds)
    if (finalizer) metadata.finalizers = [...new Set(metadata.finalizers).add(finalizer)]
  })
}

/**
 * The garbage collector of Kubernetes: deletes objects that have lost all their owners, and handles the finalizers
 * `orphan` and `foregroundDeletion`.
 */
export function collectGarbage (store: Store): void {
  store.changes.on('change', ({ before, after }: Change) => {
    if (after && !after.metadata.deletionTimestamp && (before || !after.metadata.ownerReferences)) return
    const all = (['jobs', 'pods', 'configmaps', 'secrets'] as const).flatMap((resource) =>
      list(store, resource).map((object) => ({ resource, object }))
    )
    const uids = new Set(all.map(({ object }) => object.metadata.uid))
    for (const { resource, object } of all) {
      const { uid, deletionTimestamp, finalizers = [], ownerReferences = [] } = object.metadata
      if (!deletionTimestamp && ownerReferences.length && !ownerReferences.some((owner) => uids.has(owner.uid))) {
        requestDeletion(store, resource, object, 'Background')
      }
      if (!deletionTimestamp) continue
      const owned = all.filter((each) => each.object.metadata.ownerReferences?.some((owner) => owner.uid === uid))
      if (finalizers.includes('orphan')) {
        for (const { resource, object } of owned) {
          update(store, resource, object, ({ metadata }) => {
            metadata.ownerReferences = metadata.ownerReferences!.filter((owner) => owner.uid !== uid)
          })
        }
        release(store, resource, object, 'orphan')
      }
      if (finalizers.includes('foregroundDeletion')) {
        const blocking = owned.filter((each) =>
          each.object.metadata.ownerReferences!.some((owner) => owner.uid === uid && owner.blockOwnerDeletion)
        )
        for (const { resource, object } of blocking) {
          if (!object.metadata.deletionTimestamp) requestDeletion(store, resource, object, 'Background')
        }
        if (!blocking.length) release(store, resource, object, 'foregroundDeletion')
      }
    }
  })
}

function release<R extends Resource> (
  store: Store,
  resource: R,
  object: Objects[R],
  finalizer: string
): void {
  const left = object.metadata.finalizers!.filter((each) => each !== finalizer)
  if (left.length) {
    update(store, resource, object, ({ metadata }) => {
      metadata.finalizers = left
    })
  } else remove(store, resource, object)
}
