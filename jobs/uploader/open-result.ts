import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { identify } from './identify.ts'
import type { FoundFile } from './scan-results.ts'

/**
 * The very file that was found, or `undefined` when it is gone or another one by now. So a workload cannot, with a symbolic link put
 * in its place, in time make something of the uploader's own a result: what is opened is what was seen to be a plain file in the folder.
 */
export async function openResult ({ path, identity }: FoundFile): Promise<FileHandle | undefined> {
  let handle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
  if (identify(await handle.stat({ bigint: true })) === identity) return handle
  await handle.close()
  return undefined
}
