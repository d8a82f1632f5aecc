import { isUtf8 } from 'node:buffer'
import type { BigIntStats, Dirent } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { LeftOut } from '../../shared/job/left-out.ts'
import { PROGRESS_FILE } from '../../shared/results/progress-file.ts'
import { wrongName } from '../../shared/results/wrong-name.ts'
import { identify } from './identify.ts'
import { printable } from './printable.ts'

export interface FoundFile {
  /** Relative to the result folder, with `/`. */
  name: string
  /** Where its bytes are: for a symbolic link, where it leads. */
  path: string
  size: number
  /** Differs as soon as the file does; but see `hash-file.ts` on mapped files. */
  identity: string
}

export interface Scan {
  files: FoundFile[]
  /** Names of what has no bytes of its own to publish: links to the outside or to a folder, sockets, pipes, devices. */
  noFiles: Map<string, string>
  /** Files that should be results and cannot be. Several names may be shown alike. */
  impossible: LeftOut[]
}

const DOT = 0x2e
/** Entries of a folder that are looked at together. */
const TOGETHER = 64

/**
 * The files under a folder, sub-folders included. While the workload runs, names that begin with a dot are left alone,
 * because programs write files under such names before they rename them; so are symbolic links, which may lead anywhere
 * a moment later. When the workload has ended (`final`) both are results like any others. The file in which a workload
 * reports how far it is never is one.
 */
export async function scanResults (
  root: string,
  { final }: { final: boolean }
): Promise<Scan> {
  const scan: Scan = { files: [], noFiles: new Map(), impossible: [] }
  const top = await look('', stat(root, { bigint: true }))
  const inside = top && await look('', realpath(root))
  if (inside !== undefined) await walk('')
  return scan

  function leaveOut (name: string, reason: string): void {
    scan.impossible.push({ name, reason })
  }

  async function walk (folder: string): Promise<void> {
    const entries = await look(folder, readdir(join(root, folder), { withFileTypes: true, encoding: 'buffer' })) ?? []
    for (let from = 0; from < entries.length; from += TOGETHER) {
      await Promise.all(entries.slice(from, from + TOGETHER).map((entry) => add(folder, entry)))
    }
  }

  async function add (folder: string, entry: Dirent<Buffer>): Promise<void> {
    if (!final && (entry.name[0] === DOT || entry.isSymbolicLink())) return
    const name = folder === '' ? entry.name.toString() : `${folder}/${entry.name}`
    if (name === PROGRESS_FILE) return
    const wrong = isUtf8(entry.name) ? wrongName(name) : 'is not valid UTF-8'
    if (wrong !== undefined) {
      const shown = folder === '' ? printable(entry.name) : `${folder}/${printable(entry.name)}`
      leaveOut(printable(shown), `its name ${wrong}`)
    } else if (entry.isDirectory()) await walk(name)
    else if (entry.isSymbolicLink()) await follow(name)
    else if (entry.isFile()) await addFile(name, join(inside!, name), lstat(join(root, name), { bigint: true }))
    else scan.noFiles.set(name, 'it is a socket, a pipe or a device')
  }

  async function follow (name: string): Promise<void> {
    const path = await realpath(join(root, name)).catch(() => undefined)
    if (path === undefined) scan.noFiles.set(name, 'it is a symbolic link that leads nowhere')
    else if (path !== inside && !path.startsWith(inside + sep)) scan.noFiles.set(name, 'it is a symbolic link out of the result folder')
    else await addFile(name, path, stat(path, { bigint: true }))
  }

  async function addFile (name: string, path: string, found: Promise<BigIntStats>): Promise<void> {
    const stats = await look(name, found)
    if (stats === undefined) return
    if (stats.isDirectory()) {
      scan.noFiles.set(name, 'it is a symbolic link to a folder; its files are there under their own names')
    } else if (!stats.isFile()) scan.noFiles.set(name, 'it is no regular file')
    else if (stats.dev !== top?.dev) leaveOut(name, 'it lies on another volume')
    else scan.files.push({ name, path, size: Number(stats.size), identity: identify(stats) })
  }

  /** Files and folders come and go while the workload runs: one that is gone is not missed. */
  async function look<T> (name: string, found: Promise<T>): Promise<T | undefined> {
    try {
      return await found
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENOTDIR') leaveOut(name, `it cannot be read: ${code}`)
      return undefined
    }
  }
}
