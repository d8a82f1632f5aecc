import { isUtf8 } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { identify } from './identify.ts'

export interface FoundFile {
  /** Relative to the result directory, with `/`. */
  name: string
  path: string
  size: number
  /** Differs as soon as the file does. */
  identity: string
}

export interface Scan {
  files: FoundFile[]
  /** Names of what is no file: symbolic links, sockets, devices. They are left alone. */
  skipped: string[]
  /** What should be a result and cannot be one, with the reason. */
  impossible: Map<string, string>
}

/** The regular files under a folder, sub-folders included. What begins with a dot is not meant to be seen: half-written files above all. */
export async function scanResults (root: string): Promise<Scan> {
  const scan: Scan = { files: [], skipped: [], impossible: new Map() }
  await walk('')
  return scan

  async function walk (folder: string): Promise<void> {
    for (const entry of await entriesOf(folder)) {
      if (entry.name[0] === 0x2e) continue
      const name = folder === '' ? entry.name.toString() : `${folder}/${entry.name}`
      if (!isUtf8(entry.name)) scan.impossible.set(name, 'its name is not valid UTF-8')
      else if (entry.isDirectory()) await walk(name)
      else if (entry.isFile()) await add(name)
      else scan.skipped.push(name)
    }
  }

  async function entriesOf (folder: string): Promise<Dirent<Buffer>[]> {
    try {
      return await readdir(join(root, folder), { withFileTypes: true, encoding: 'buffer' })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // Folders come and go while the workload runs.
      if (code === 'ENOENT' || code === 'ENOTDIR') return []
      if (code !== 'EACCES') throw new Error(`the result directory cannot be read: ${folder}`, { cause: error })
      scan.impossible.set(folder, 'the folder may not be read')
      return []
    }
  }

  async function add (name: string): Promise<void> {
    const path = join(root, name)
    const stats = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (stats?.isFile()) scan.files.push({ name, path, size: Number(stats.size), identity: identify(stats) })
  }
}
