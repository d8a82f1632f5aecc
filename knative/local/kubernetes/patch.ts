import { encodeStrings } from './admission.ts'
import type { Objects, Resource, Secret } from './objects.ts'
import { about, named, refusal } from './refusal.ts'
import { remove, type Store, update } from './store.ts'
import { validate } from './validation.ts'

/** Applies a merge patch (RFC 7396), also for a strategic one, which on a real server merges some lists by a key. */
export function patchObject<R extends Resource> (
  store: Store,
  resource: R,
  object: Objects[R],
  patch: object,
  contentType = '',
  dryRun = false
): Objects[R] {
  if (!/^application\/(strategic-)?merge-patch\+json/.test(contentType)) {
    throw refusal('UnsupportedMediaType', 'the local host supports only merge patches')
  }
  const { name, namespace, uid, resourceVersion, creationTimestamp = '' } = object.metadata
  const patched = merge(object, patch) as Objects[R]
  if (patched.metadata.resourceVersion !== resourceVersion) {
    throw refusal(
      'Conflict',
      `Operation cannot be fulfilled on ${
        named(resource, name)
      }: the object has been modified; please apply your changes to the latest version and try again`,
      about(resource, name)
    )
  }
  Object.assign(patched.metadata, { name, namespace, uid, creationTimestamp })
  if ('status' in object) Object.assign(patched, { status: object.status })
  if (resource === 'secrets') encodeStrings(patched as Secret)
  validate(resource, patched)
  if (dryRun) return patched
  const { deletionTimestamp, finalizers } = patched.metadata
  if (deletionTimestamp && !finalizers?.length && resource !== 'pods') remove(store, resource, object)
  return update(store, resource, object, (draft) => {
    Object.assign(draft, patched)
    for (const key of Object.keys(draft)) if (!Object.hasOwn(patched, key)) Reflect.deleteProperty(draft, key)
  }) ?? patched
}

function merge (target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const merged = typeof target === 'object' && target ? { ...target } as Record<string, unknown> : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = merge(merged[key], value)
  }
  return merged
}
