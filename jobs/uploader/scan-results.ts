import { isUtf8 } from 'node:buffer'
import { lstat, readdir, stat } from 'node:fs/promises'
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
  /** What should be a result and cannot be one: name and reason. */
  impossible: Map<string, string>
}

const DOT = 0x2e

/**
 * The regular files under a folder, sub-folders included. What begins with a dot is not meant to be seen: half-written
 * files above all.
 */
export async function scanResults (root: string): Promise<Scan> {
  const scan: Scan = { files: [], skipped: [], impossible: new Map() }
  const top = await look('', stat(root, { bigint: true }))
  if (top !== undefined) await walk('')
  return scan

  async function walk (folder: string): Promise<void> {
    const entries = await look(folder, readdir(join(root, folder), { withFileTypes: true, encoding: 'buffer' })) ?? []
    for (const entry of entries) {
      if (entry.name[0] === DOT) continue
      const name = folder === '' ? entry.name.toString() : `${folder}/${entry.name}`
      if (!isUtf8(entry.name)) scan.impossible.set(name, 'its name is not valid UTF-8')
      else if (entry.isDirectory()) await walk(name)
      else if (entry.isFile()) await add(name)
      else scan.skipped.push(name)
    }
  }

  async function add (name: string): Promise<void> {
    const path = join(root, name)
    const stats = await look(name, lstat(path, { bigint: true }))
    if (stats === undefined) return
    // A folder could be swapped for a symbolic link meanwhile; but what else a pod has lies on other devices.
    if (!stats.isFile() || stats.dev !== top?.dev) scan.skipped.push(name)
    else scan.files.push({ name, path, size: Number(stats.size), identity: identify(stats) })
  }

  /** Files and folders come and go while the workload runs: what is gone is not missed. */
  async function look<T> (name: string, found: Promise<T>): Promise<T | undefined> {
    try {
      return await found
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENOTDIR') scan.impossible.set(name, `it cannot be read: ${code}`)
      return undefined
    }
  }
}
