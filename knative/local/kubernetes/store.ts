import { EventEmitter } from 'node:events'
import type { Objects, Resource } from './objects.ts'

/** `before` is missing when the object is new, `after` when it is gone. */
export interface Change {
  resource: Resource
  revision: number
  before?: Objects[Resource]
  after?: Objects[Resource]
}

/**
 * All objects, and the last changes to them. An object is never altered, only replaced: what a reader holds stays as it
 * was. `changes` emits `change` for each of them, in order, never before the code that made it has finished.
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
  // A revision that an earlier instance gave out must be too old for this one, never one of its own.
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
 * The object as it is after the change; `undefined` when it has gone meanwhile. A change that changes nothing makes no
 * revision.
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

/** What a generation counts the changes of. */
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
