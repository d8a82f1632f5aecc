import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from '../e2e/parts.ts'

/** The folder of the MinIO that the end-to-end tests have built on this machine, if they have. */
export function findMinio (): string | undefined {
  if (!existsSync(CACHE)) return undefined
  return readdirSync(CACHE)
    .filter((name) => /^minio-[0-9a-f]+$/.test(name))
    .map((name) => join(CACHE, name))
    .find((folder) => existsSync(join(folder, 'minio')))
}
