import { inBatches, listObjects, putObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { whole } from '../../../shared/store/store-answer.ts'
import { request } from '../../../shared/store/store-request.ts'
import { expect, type Place } from './ability-place.ts'

/** Some sort before the slash of the folder `a/`. That is where a store loses keys between two pages. */
const ODD_NAMES = ['a!b', 'a+b/x', 'a-b', 'a..b/c', 'a.txt', 'a/b', 'a/c/d', 'a/c/e', 'a0', 'ü %/🚗']

export async function listsAll ({ store, prefix }: Place): Promise<string> {
  const names = ODD_NAMES.map((name) => `odd/${name}`)
  const flat = ['0', '1', '10', '2', '3'].map((name) => `flat/${name}`)
  await inBatches([...names, ...flat], async (name) => await putObject(store, prefix + name, 'x', {}, 'unconditional'))
  for (const limit of [1, 3, 1000]) {
    const found = await pagesOf(store, { prefix: `${prefix}odd/`, limit })
    const lost = names.filter((name) => !found.includes(prefix + name))
    expect(lost.length === 0, `a list in pages of ${limit} lacks ${lost.length} of ${names.length} keys: ${lost.join(' ')}`)
    expect(found.length === names.length, `a list in pages of ${limit} has keys twice, or keys that do not exist`)
  }
  const after = await pagesOf(store, { prefix: `${prefix}flat/`, after: `${prefix}flat/1`, limit: 2 })
  expect(
    after.join() === flat.slice(2).map((name) => prefix + name).join(),
    'a list that begins after a key does not have all later keys in order'
  )
  return 'lists have every key, page by page'
}

async function pagesOf (
  store: Store,
  listing: { prefix: string, limit: number, after?: string }
): Promise<string[]> {
  const keys: string[] = []
  let cursor: string | undefined
  do {
    const { objects, next } = await listObjects(store, { ...listing, cursor, tags: false })
    keys.push(...objects.map(({ key }) => key))
    cursor = next
  } while (cursor !== undefined)
  return keys
}

export async function listsTags ({ store, prefix }: Place): Promise<string> {
  await putObject(store, `${prefix}listed`, 'x', { state: 'running' }, 'unconditional')
  const { objects: [listed] } = await listObjects(store, { prefix, tags: true })
  expect(listed?.tags['state'] === 'running', 'the tags of a listed object are missing')
  // If the list has no tags, listObjects requests the tags of each object.
  const response = await request(store, {
    operation: 'ListObjectsV2',
    method: 'GET',
    query: `list-type=2&metadata=true&prefix=${encodeURIComponent(prefix)}`,
    accept: [200]
  })
  expect(
    (await whole(response)).includes('<UserTags>'),
    'the tags need one request for each object, so lists of jobs are slower'
  )
  return 'one request lists objects with their tags'
}
