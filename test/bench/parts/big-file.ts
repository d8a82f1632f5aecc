import { createHash, randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'

export interface BigFile {
  path: string
  size: number
  sha256: string
}

const BLOCK = 1024 * 1024

/** Makes a file of so many MiB, all of them different, so that no store can keep one of them for several. */
export function bigFile ({ dir }: Pick<Bench, 'dir'>, name: string, mebibytes: number): BigFile {
  const path = join(dir, name)
  const file = openSync(path, 'w')
  const hash = createHash('sha256')
  const block = randomBytes(BLOCK)
  for (let index = 0; index < mebibytes; index++) {
    block.writeBigUInt64BE(BigInt(index))
    hash.update(block)
    writeSync(file, block)
  }
  closeSync(file)
  return { path, size: mebibytes * BLOCK, sha256: hash.digest('hex') }
}
