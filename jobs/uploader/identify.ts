import type { BigIntStats } from 'node:fs'

/** Two equal ones are the same file, and no `write` has changed it: nothing but the kernel sets a ctime. */
export function identify ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}
