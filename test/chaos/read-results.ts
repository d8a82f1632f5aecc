import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import type { LeftOut, ListedFile } from './observation.ts'

/** All pages of the list of results. */
export async function readList (url: string, id: string): Promise<{ list: ListedFile[], leftOut?: LeftOut[] }> {
  const list: ListedFile[] = []
  let leftOut: LeftOut[] | undefined
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = `limit=50${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
    const answer = await fetch(`${url}/job/${id}/result/list?${query}`)
    if (!answer.ok) throw new Error(`the list was answered with ${answer.status} ${await answer.text()}`)
    const page = await answer.json() as { files: ListedFile[], next_cursor: string | null, left_out?: LeftOut[] }
    list.push(...page.files.map(({ name, size, sha256 }) => ({ name, size, sha256 })))
    leftOut ??= page.left_out
    cursor = page.next_cursor
  }
  return { list, ...(leftOut !== undefined && { leftOut }) }
}

/** The files in the archive, by their bytes. It rejects when the archive does not come whole. */
export async function readArchive (url: string, id: string): Promise<ListedFile[]> {
  const answer = await fetch(`${url}/job/${id}/result/archive`)
  if (!answer.ok || answer.body === null) {
    throw new Error(`the archive was answered with ${answer.status} ${await answer.text()}`)
  }
  const files: ListedFile[] = []
  const tar = extract()
  Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]).on('error', (error) => tar.destroy(error))
    .pipe(tar)
  for await (const entry of tar) {
    files.push({ name: entry.header.name, ...await contentOf(entry as AsyncIterable<Uint8Array>) })
  }
  return files
}

/** One file, by its bytes. */
export async function readFile (
  url: string,
  id: string,
  name: string
): Promise<ListedFile | { name: string, problem: string }> {
  try {
    const answer = await fetch(`${url}/job/${id}/result?file=${encodeURIComponent(name)}`)
    if (!answer.ok || answer.body === null) return { name, problem: `${answer.status} ${await answer.text()}` }
    return { name, ...await contentOf(answer.body) }
  } catch (error) {
    return { name, problem: String((error as Error).cause ?? error) }
  }
}

async function contentOf (bytes: AsyncIterable<Uint8Array>): Promise<{ size: number, sha256: string }> {
  const sha256 = createHash('sha256')
  let size = 0
  for await (const chunk of bytes) {
    sha256.update(chunk)
    size += chunk.length
  }
  return { size, sha256: sha256.digest('hex') }
}
