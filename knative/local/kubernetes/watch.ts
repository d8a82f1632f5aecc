import { once } from 'node:events'
import { type Objects, type Resource, resources } from './objects.ts'
import { failure } from './refusal.ts'
import { type Change, list, type Store } from './store.ts'

const BOOKMARK_INTERVAL = 10_000

/**
 * The lines of a watch. It reads the history of the store at the pace of its reader. As with a real server, a reader
 * that is too slow for the length of the history, or that resumes too late, gets a `Status` 410 and must list again.
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
    // Rejected when a bookmark is due, or when the watch must end.
    await once(store.changes, 'change', { signal: AbortSignal.any([signal, AbortSignal.timeout(BOOKMARK_INTERVAL)]) })
      .catch(() => {})
    if (bookmarks && seen === store.revision) yield bookmark()
  }
}
