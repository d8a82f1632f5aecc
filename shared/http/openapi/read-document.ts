import { promises as fs } from 'node:fs'
import { join } from 'node:path'

/** Beside the bundles. openapi/write-documents.ts writes it at the build. */
const FOLDER = 'dist/openapi'

interface Facts {
  /** The URL of the entry point; may be empty. */
  publicUrl?: string
  /** Whether the installation requires no credentials from callers. */
  isOpen?: boolean
}

type Operations = Record<string, Record<string, { security: object[] }>>

/** An OpenAPI document from the build, with the facts of this installation. */
export async function readDocument (name: string, { publicUrl = '', isOpen = false }: Facts = {}): Promise<object> {
  const document = JSON.parse(await fs.readFile(join(FOLDER, `${name}.json`), 'utf8')) as { paths: Operations }
  return {
    ...document,
    ...publicUrl !== '' && { servers: [{ url: publicUrl }] },
    ...isOpen && { paths: withoutSecurity(document.paths) }
  }
}

function withoutSecurity (paths: Operations): Operations {
  return mapped(paths, (operations) => mapped(operations, (operation) => ({ ...operation, security: [] })))
}

function mapped<T> (entries: Record<string, T>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, change(value)]))
}
