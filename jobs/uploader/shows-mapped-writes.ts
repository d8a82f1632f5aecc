import { statfs } from 'node:fs/promises'

/** ext2 to ext4, XFS, Btrfs: what a node's disk has. */
const DISKS = [0xef53, 0x58465342, 0x9123683e]

/**
 * Whether the times of a file on this volume show every write through a mapping, once the file has been synced.
 *
 * Linux sets the times of a mapped file when a program first writes to a clean page. To sync a file makes its pages
 * clean, so any later write sets the times again. A volume in memory (tmpfs) has no clean pages: there the times may
 * move once for the whole life of a mapping. Any other file system counts as one that does not show writes.
 */
export async function showsMappedWrites (folder: string): Promise<boolean> {
  return await statfs(folder).then(({ type }) => DISKS.includes(type), () => false)
}
