import { logKey } from '../store/bucket-layout.ts'
import { getTags, putObject } from '../store/object-store.ts'
import type { Store } from '../store/open-store.ts'

/**
 * Notes that the log of a job can no longer be read, unless a part of the log is stored already. The note is an empty
 * object with a tag, so that no caller takes words of this project for a log.
 */
export async function noteLostLog (store: Store, id: string): Promise<void> {
  await putObject(store, logKey(id), '', { whole: 'true', lost: 'true' }, { ifNoneMatch: '*' }, 'text/plain')
}

/** Whether the stored log of a job, of this size, is only the note that it is lost. */
export async function isLostLog (store: Store, id: string, size: number): Promise<boolean> {
  return size === 0 && (await getTags(store, logKey(id)))['lost'] === 'true'
}
