import { createHash } from 'node:crypto'
import { promises as fs } from 'node:fs'
import { extname, join } from 'node:path'

/** Beside the bundles. page/bundle-page.ts writes it at the build. */
const FOLDER = 'dist/page'

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
}

interface PageFile {
  type: string
  etag: string
  bytes: Buffer
  zipped: Buffer
}

/** The files of the page, by name. Only these names are served, whatever a path says. */
export type PageFiles = Map<string, PageFile>

export async function readPageFiles (): Promise<PageFiles> {
  // A checkout that was not built has no page.
  const names = (await fs.readdir(FOLDER).catch(() => [])).filter((name) => extname(name) in TYPES)
  return new Map(await Promise.all(names.map(async (name) => {
    const [bytes, zipped] = await Promise.all([fs.readFile(join(FOLDER, name)), fs.readFile(join(FOLDER, `${name}.gz`))])
    const etag = `W/"${createHash('sha256').update(bytes).digest('base64url')}"`
    return [name, { type: TYPES[extname(name)]!, etag, bytes, zipped }] as const
  })))
}
