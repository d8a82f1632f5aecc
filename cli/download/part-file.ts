import { createHash, type Hash } from 'node:crypto'
import { mkdirSync, rmdirSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** No result can have a name in this folder: cli/download/refused-name.ts. */
export const PARTS_FOLDER = '.gx4ki-parts'

/**
 * A file that is not whole yet. Its name is the sha256 of its content, and not that of the result: so a part is never
 * continued with another content, and can have no name that a result has, or that is too long.
 */
export interface PartFile {
  /** The bytes that are there. */
  size: number
  append: (chunk: Uint8Array) => Promise<void>
  /** Begins with nothing. */
  clear: () => Promise<void>
  /** The sha256 of what is there, lower-case hex. */
  digest: () => string
  /** Gives the file its place, when its bytes are on the disk. */
  moveTo: (path: string) => Promise<void>
  close: () => Promise<void>
  remove: () => Promise<void>
}

/** Opens the part of a content in a folder, and reads what an earlier process has left of it. */
export async function openPart (folder: string, sha256: string): Promise<PartFile> {
  const path = join(folder, PARTS_FOLDER, `${sha256}.part`)
  mkdirSync(dirname(path), { recursive: true })
  // Created without being truncated.
  await (await open(path, 'a')).close()
  const file = await open(path, 'r+')
  let hash: Hash = createHash('sha256')
  // Another process may continue the same part meanwhile: what counts is what was read of it.
  let size = 0
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) {
    hash.update(chunk as Buffer)
    size += (chunk as Buffer).length
  }
  const part: PartFile = {
    size,
    async append (chunk) {
      for (let at = 0; at < chunk.length;) {
        at += (await file.write(chunk, at, chunk.length - at, part.size + at)).bytesWritten
      }
      hash.update(chunk)
      part.size += chunk.length
    },
    async clear () {
      await file.truncate(0)
      hash = createHash('sha256')
      part.size = 0
    },
    digest: () => hash.copy().digest('hex'),
    async moveTo (target) {
      await file.sync()
      await file.close()
      await rename(path, target)
    },
    close: async () => await file.close(),
    async remove () {
      await file.close()
      await rm(path, { force: true })
    }
  }
  return part
}

/** Removes the folder of parts if no part is in it. */
export function removeEmpty (folder: string): void {
  try {
    rmdirSync(join(folder, PARTS_FOLDER))
  } catch {
    // There are parts, or there never was one.
  }
}
