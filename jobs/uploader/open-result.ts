import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { identify } from './identify.ts'
import type { FoundFile } from './scan-results.ts'

/** Just the file that was found, or `undefined` when it is gone or another one by now, be it by a symbolic link. */
export async function openResult ({ path, identity }: FoundFile): Promise<FileHandle | undefined> {
  // O_NONBLOCK: a named pipe in its place would wait for its writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(error.code ?? '')) return undefined
    throw error
  })
  if (handle === undefined || identify(await handle.stat({ bigint: true })) === identity) return handle
  await handle.close()
  return undefined
}
