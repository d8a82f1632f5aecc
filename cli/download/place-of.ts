import { createHash } from 'node:crypto'
import { createReadStream, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { printable } from '../../shared/words/printable.ts'
import type { ListedFile } from './list-files.ts'
import { refusedName } from './refused-name.ts'

/** The path for a result in a folder, whose folders exist then. Throws when the name would lead anywhere else. */
export function placeOf (folder: string, name: string): string {
  const refused = refusedName(name)
  if (refused !== undefined) {
    throw new Failure(EXIT.incomplete, `the name of the result ${refused}`, {
      type: 'urn:gx4ki:cli:name',
      hint: '--output FILE gives this file a name of your own'
    })
  }
  const path = resolve(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  const real = realpathSync(dirname(path)) + sep
  const root = realpathSync(folder)
  if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new Failure(EXIT.incomplete, `a link in ${printable(folder)} leads out of it`, { type: 'urn:gx4ki:cli:name' })
  }
  return path
}

/** Whether the file is there already. Throws when something else is there, and must not be replaced. */
export async function isThere (path: string, { size, sha256 }: ListedFile, mayReplace: boolean): Promise<boolean> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return false
  if (found.isFile() && found.size === size && await sha256Of(path) === sha256) return true
  if (mayReplace && !found.isDirectory()) return false
  throw new Failure(EXIT.incomplete, found.isDirectory() ? 'there is a folder of this name' : 'another file of this name is there', {
    type: 'urn:gx4ki:cli:exists',
    hint: '--force replaces files, --directory takes another folder'
  })
}

async function sha256Of (path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
