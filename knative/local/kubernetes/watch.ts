import { once } from 'node:events'
import { type Objects, type Resource, resources } from './objects.ts'
import { failure } from './refusal.ts'
import { type Change, list, type Store } from './store.ts'

const BOOKMARK_INTERVAL = 10_000

/**
 * The lines of a watch. It reads the store's history at its reader's pace: one that is too slow for the history's
 * length, or resumes too late, is told so by a `Status` 410 and has to list anew, as with a real server.
 */
export async function * watch<R extends Resource> (
  store: Store,
  resource: R,
  matches: (object: Objects[R]) => boolean,
  { resourceVersion, bookmarks, signal }: { resourceVersion: number, bookmarks: boolean, signal: AbortSignal }
): AsyncGenerator<string> {
  const line = (type: string, object: object): string => JSON.stringify({ type, object }) + '\n'
  const bookmark = (): string =>
    line('BOOKMARK', { ...resources[resource], metadata: { resourceVersion: String(seen), creationTimestamp: null } })
  let seen = resourceVersion || store.revision
  if (!resourceVersion) { for (const object of list(store, resource).filter(matches)) yield line('ADDED', object) }
  while (!signal.aborted) {
    if (seen < store.forgotten || seen > store.revision) {
      return yield line('ERROR', failure('Expired', `too old resource version: ${seen} (${store.forgotten})`))
    }
    const changes = store.history.filter(({ revision }) => revision > seen)
    seen = store.revision
    for (const change of changes.filter((each) => each.resource === resource)) {
      const { before, after } = change as Change & { before?: Objects[R], after?: Objects[R] }
      const was = before && matches(before)
      if (after && matches(after)) yield line(was ? 'MODIFIED' : 'ADDED', after)
      else if (was) {
        yield line('DELETED', { ...before, metadata: { ...before.metadata, resourceVersion: String(change.revision) } })
      }
    }
    if (changes.length) continue
    // Rejected when it is time for a bookmark, or to end.
    await once(store.changes, 'change', { signal: AbortSignal.any([signal, AbortSignal.timeout(BOOKMARK_INTERVAL)]) })
      .catch(() => {})
    if (bookmarks && seen === store.revision) yield bookmark()
  }
}
