import { pagesOf } from '../api/pages.ts'
import type { Session } from '../session.ts'

export interface ListedFile {
  name: string
  size: number
  sha256: string
  sha256_checked: string
  content_type: string
}

export interface FileList {
  files: ListedFile[]
  left_out: { name: string, reason: string }[]
  left_out_count: number
}

/** All result files of a job, and what is left out. */
export async function listFiles (session: Session, id: string): Promise<FileList> {
  const list: FileList = { files: [], left_out: [], left_out_count: 0 }
  type Page = FileList & { next_cursor: string | null }
  const members = ['files', 'left_out', 'left_out_count'] as const
  for await (const page of pagesOf<Page>(session, `/job/${id}/result/list`, { limit: '1000' }, ...members)) {
    list.files.push(...page.files)
    list.left_out = page.left_out
    list.left_out_count = page.left_out_count
  }
  return list
}
