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
/** A file beside the parts: the whole was saved. It is as old as that. */
const SAVED = 'saved'
/** A browser reads the parts while it saves them. */
const SAVED_MS = 600_000
const UNFINISHED_MS = 7 * 86_400_000

/** On the disk that the browser lends this origin: a killed tab loses nothing. `name` is the sha256 of the file. */
export async function partsOnDisk (name: string): Promise<PartStore | undefined> {
  const folder = await folderOf(name, true).catch(() => undefined)
  if (folder === undefined || !('createWritable' in FileSystemFileHandle.prototype)) return undefined
  const fileOf = async (index: number): Promise<File> => await (await folder.getFileHandle(String(index))).getFile()
  // The parts are needed again.
  await folder.removeEntry(SAVED).catch(() => {})
  return {
    has: async ({ index, start, end }) =>
      await fileOf(index).then(({ size }) => size === end - start + 1, () => false),
    async write ({ index }, bytes) {
      const handle = await folder.getFileHandle(String(index), { create: true })
      // It commits when it is closed: a part is there as a whole, or not.
      await bytes.pipeTo(await handle.createWritable())
    },
    join: async (parts, type) => new Blob(await Promise.all(parts.map(({ index }) => fileOf(index))), { type }),
    clear: async () => await (await downloads()).removeEntry(name, { recursive: true }).catch(() => {})
  }
}

/** Whether an earlier download of this file has ended before it was saved. */
export async function hasParts (name: string): Promise<boolean> {
  const folder = await folderOf(name, false).catch(() => undefined)
  const names = folder === undefined ? [] : await Array.fromAsync(folder.keys())
  return names.length > 0 && !names.includes(SAVED)
}

/** Lets the parts of a file be removed when the browser has saved it. */
export async function markSaved (name: string): Promise<void> {
  const mark = await (await folderOf(name, false)).getFileHandle(SAVED, { create: true })
  await (await mark.createWritable()).close()
  setTimeout(() => {
    removeOldParts().catch(() => {})
  }, SAVED_MS + 1000)
}

/** Removes the parts of files that were saved, and of downloads with which nobody has gone on for a week. */
export async function removeOldParts (): Promise<void> {
  const root = await downloads()
  for (const [name, folder] of await Array.fromAsync(root.entries())) {
    if (!(folder instanceof FileSystemDirectoryHandle)) continue
    const files = (await Array.fromAsync(folder.values())).filter((entry) => entry instanceof FileSystemFileHandle)
    const times = await Promise.all(files.map(async (file) => (await file.getFile()).lastModified))
    const kept = files.some((file) => file.name === SAVED) ? SAVED_MS : UNFINISHED_MS
    // A folder without files is that of a download which begins.
    if (files.length > 0 && Math.max(...times) + kept < Date.now()) {
      await root.removeEntry(name, { recursive: true }).catch(() => {})
    }
  }
}

async function downloads (): Promise<FileSystemDirectoryHandle> {
  return await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true })
}

async function folderOf (name: string, create: boolean): Promise<FileSystemDirectoryHandle> {
  return await (await downloads()).getDirectoryHandle(name, { create })
}
