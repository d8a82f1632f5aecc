import { Type } from 'typebox'
import { resultKey } from '../../shared/bucket-layout.ts'
import { getTags, headObject, type Store } from '../../shared/object-store.ts'
import { ResultName } from '../../shared/result-name.ts'
import { LARGEST_FILE } from './part-size.ts'

export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Lower-case hex' })

/** What an uploader says about a file of its. */
export const ResultFile = {
  name: ResultName,
  size: Type.Integer({ minimum: 0, maximum: LARGEST_FILE, description: 'Bytes' }),
  sha256: Sha256
}

/** One pod of a job, whose results are kept apart from those of any other. */
export interface Attempt { id: string, attempt: string }

export interface Content { size: number, sha256: string }
export type ResultFile = Content & { name: string }

export function sameContent (one: Content, other: Content): boolean {
  return one.size === other.size && one.sha256 === other.sha256
}

/** What the store has under a result's name, with the sha256 that was granted, and so checked, at its upload. */
export async function storedContent (store: Store, { id, attempt }: Attempt, name: string): Promise<Content | undefined> {
  const key = resultKey(id, attempt, name)
  const [head, tags] = await Promise.all([headObject(store, key), getTags(store, key)])
  return head && { size: head.size, sha256: tags['sha256'] ?? '' }
}

export function tagsOfResult ({ id }: Attempt, { sha256 }: Content): { job: string, sha256: string } {
  return { job: id, sha256 }
}
