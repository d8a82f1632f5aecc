import { mkdirSync, writeFileSync } from 'node:fs'
import { documents } from './documents.ts'
import { makeDocument } from './make-document.ts'

/** Writes the OpenAPI documents that the functions serve: dist/openapi/<name>.json. */
export async function writeDocuments (): Promise<void> {
  mkdirSync('dist/openapi', { recursive: true })
  for (const [name, plan] of Object.entries(documents)) {
    writeFileSync(`dist/openapi/${name}.json`, JSON.stringify(await makeDocument(plan)))
  }
}
