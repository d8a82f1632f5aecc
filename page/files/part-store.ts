import type { Part } from './parts-of.ts'

/** Keeps the parts of a download until it is whole. */
export interface PartStore {
  has: (part: Part) => Promise<boolean>
  /** A part that is not written to its end is not there. */
  write: (part: Part, bytes: ReadableStream<Uint8Array<ArrayBuffer>>) => Promise<void>
  /** All parts as one Blob; on disk they stay there. */
  join: (parts: Part[], type: string) => Promise<Blob>
  clear: () => Promise<void>
}

/** In the memory of this tab: for small files, and where the browser lends no disk. */
export function partsInMemory (): PartStore {
  const kept = new Map<number, Blob>()
  return {
    has: async ({ index }) => kept.has(index),
    write: async ({ index }, bytes) => {
      kept.set(index, await new Response(bytes).blob())
    },
    join: async (parts, type) => new Blob(parts.map(({ index }) => kept.get(index)!), { type }),
    clear: async () => kept.clear()
  }
}

const FOLDER = 'downloads'

/** On the disk that the browser lends this origin: a killed tab loses nothing. `name` is the sha256 of the file. */
export async function partsOnDisk (name: string): Promise<PartStore | undefined> {
  const folder = await folderOf(name, true).catch(() => undefined)
  if (folder === undefined || !('createWritable' in FileSystemFileHandle.prototype)) return undefined
  const fileOf = async (index: number): Promise<File> => await (await folder.getFileHandle(String(index))).getFile()
  return {
    has: async ({ index, start, end }) =>
      await fileOf(index).then(({ size }) => size === end - start + 1, () => false),
    async write ({ index }, bytes) {
      const handle = await folder.getFileHandle(String(index), { create: true })
      // It commits when it is closed: a part is there as a whole, or not.
      await bytes.pipeTo(await handle.createWritable())
    },
    join: async (parts, type) => new Blob(await Promise.all(parts.map(({ index }) => fileOf(index))), { type }),
    clear: async () => await forgetParts(name)
  }
}

/** Whether an earlier download has left parts of this file. */
export async function hasParts (name: string): Promise<boolean> {
  return await folderOf(name, false).then(async (folder) => (await folder.keys().next()).done !== true, () => false)
}

export async function forgetParts (name: string): Promise<void> {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle(FOLDER, { create: true })
  await folder.removeEntry(name, { recursive: true }).catch(() => {})
}

async function folderOf (name: string, create: boolean): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle(FOLDER, { create })
  return await folder.getDirectoryHandle(name, { create })
}
