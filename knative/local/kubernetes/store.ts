import { EventEmitter } from 'node:events'
import type { Objects, Resource } from './objects.ts'

/** `before` is missing for a new object, `after` for a removed object. */
export interface Change {
  resource: Resource
  revision: number
  before?: Objects[Resource]
  after?: Objects[Resource]
}

/**
 * All objects and their last changes. An object is never modified, only replaced, so a reader can keep a reference.
 * `changes` emits `change` for each change, in order, and never before the code that made the change has finished.
 */
export interface Store {
  objects: { [R in Resource]: Map<string, Objects[R]> }
  revision: number
  history: Change[]
  /** The revision up to which changes are no longer in `history`. */
  forgotten: number
  changes: EventEmitter<{ change: [Change] }>
}

const HISTORY_LENGTH = 1000

export function createStore (): Store {
  // A revision of an earlier instance must be too old for this one, and never equal one of its own.
  const revision = Date.now()
  const changes = new EventEmitter<{ change: [Change] }>().setMaxListeners(0)
  return {
    objects: { jobs: new Map(), pods: new Map(), configmaps: new Map(), secrets: new Map() },
    revision,
    history: [],
    forgotten: revision,
    changes
  }
}

export function find<R extends Resource> (
  store: Store,
  resource: R,
  namespace: string,
  name: string
): Objects[R] | undefined {
  return store.objects[resource].get(`${namespace}/${name}`)
}

export function list<R extends Resource> (store: Store, resource: R): Objects[R][] {
  return [...store.objects[resource].values()]
}

export function add<R extends Resource> (store: Store, resource: R, object: Objects[R]): Objects[R] {
  return commit(store, resource, undefined, structuredClone(object))
}

/**
 * Returns the object after the change; `undefined` when the object was removed in the meantime. If nothing differs,
 * there is no new revision.
 */
export function update<R extends Resource> (
  store: Store,
  resource: R,
  object: Objects[R],
  change: (draft: Objects[R]) => void
): Objects[R] | undefined {
  const before = current(store, resource, object)
  if (!before) return
  const after = structuredClone(before)
  change(after)
  if (JSON.stringify(after) === JSON.stringify(before)) return before
  if (generated(after) !== generated(before)) after.metadata.generation = (before.metadata.generation ?? 1) + 1
  return commit(store, resource, before, after)
}

export function remove<R extends Resource> (store: Store, resource: R, object: Objects[R]): void {
  const before = current(store, resource, object)
  if (before) commit(store, resource, before, undefined)
}

function current<R extends Resource> (store: Store, resource: R, { metadata }: Objects[R]): Objects[R] | undefined {
  const found = find(store, resource, metadata.namespace, metadata.name)
  return found?.metadata.uid === metadata.uid ? found : undefined
}

/** The fields whose changes increase the generation. */
function generated (object: Objects[Resource]): string {
  return JSON.stringify(['spec' in object && object.spec, object.metadata.deletionTimestamp])
}

function commit<R extends Resource, After extends Objects[R] | undefined> (
  store: Store,
  resource: R,
  before: Objects[R] | undefined,
  after: After
): After {
  const { objects: { [resource]: objects }, history, changes } = store
  const change: Change = { resource, revision: ++store.revision, ...(before && { before }), ...(after && { after }) }
  const { namespace, name } = (after ?? before)!.metadata
  if (after) {
    after.metadata.resourceVersion = String(store.revision)
    objects.set(`${namespace}/${name}`, after)
  } else {
    objects.delete(`${namespace}/${name}`)
  }
  history.push(change)
  if (history.length > HISTORY_LENGTH) store.forgotten = history.shift()!.revision
  queueMicrotask(() => changes.emit('change', change))
  return after
}
