import { constants } from 'node:fs'
import { type FileHandle, open, readlink } from 'node:fs/promises'
import { identify } from './identify.ts'
import type { FoundFile } from './scan-results.ts'

/**
 * The file that was found, or `undefined` when it is gone or another one by now. With `asItIs` it may have changed, but
 * it must still be a file of this path: no link may lead anywhere else.
 */
export async function openResult (
  { path, identity }: FoundFile,
  { asItIs }: { asItIs: boolean }
): Promise<FileHandle | undefined> {
  // O_NONBLOCK: a named pipe in its place would wait for its writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW
  const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(error.code ?? '')) return undefined
    throw error
  })
  if (handle === undefined) return undefined
  const stats = await handle.stat({ bigint: true })
  if (identify(stats) === identity) return handle
  if (asItIs && stats.isFile() && await isThere(handle, path)) return handle
  await handle.close()
  return undefined
}

/** Whether no folder on the way was replaced by a link. Linux tells the path of an open file. */
async function isThere ({ fd }: FileHandle, path: string): Promise<boolean> {
  return await readlink(`/proc/self/fd/${fd}`).catch(() => undefined) === path
}
