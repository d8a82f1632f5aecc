import { getObject, putObject } from './object-store.ts'
import type { Store } from './open-store.ts'

/** A small object of this project's own making, whole; `undefined` when there is none. */
export async function getJson<T> (store: Store, key: string): Promise<T | undefined> {
  const found = await getObject(store, key)
  return found && JSON.parse(found.body.toString()) as T
}

export async function putJson (store: Store, key: string, value: object): Promise<void> {
  await putObject(store, key, JSON.stringify(value), {}, 'unconditional')
}
