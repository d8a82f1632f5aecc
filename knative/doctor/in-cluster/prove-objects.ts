import { buffer } from 'node:stream/consumers'
import { encodeTags, getObject, getTags, putObject, streamObject } from '../../../shared/store/object-store.ts'
import { expect, type Place } from './ability-place.ts'

export async function writesOnlyNew ({ store, prefix }: Place): Promise<string> {
  const key = `${prefix}new`
  expect(
    await putObject(store, key, 'first', {}, { ifNoneMatch: '*' }) !== undefined,
    'If-None-Match: * was refused for a new key'
  )
  expect(
    await putObject(store, key, 'second', {}, { ifNoneMatch: '*' }) === undefined,
    'If-None-Match: * overwrote an existing object'
  )
  return 'the store respects If-None-Match'
}

export async function comparesAndSwaps ({ store, prefix }: Place): Promise<string> {
  const key = `${prefix}swap`
  const first = await putObject(store, key, 'first', {}, 'unconditional')
  const second = await putObject(store, key, 'second', {}, { ifMatch: first! })
  expect(second !== undefined, 'If-Match was refused with the right ETag')
  expect(
    await putObject(store, key, 'third', {}, { ifMatch: first! }) === undefined,
    'If-Match with an old ETag overwrote a newer version'
  )
  expect((await getObject(store, key))?.body.toString() === 'second', 'a read did not return the last written version')
  return 'the store respects If-Match'
}

export async function tags ({ store, prefix }: Place): Promise<string> {
  const given = { state: 'running', started: '2026-01-01T00:00:00.000Z', reason: 'a b+c=d:e/f@g_h' }
  await putObject(store, `${prefix}tags`, 'x', given, 'unconditional')
  expect(
    encodeTags(await getTags(store, `${prefix}tags`)).split('&').sort().join() ===
      encodeTags(given).split('&').sort().join(),
    'the tags that were read differ from the tags that were written'
  )
  return 'tags are written with an object and read back'
}

export async function ranges ({ store, prefix }: Place): Promise<string> {
  const key = `${prefix}range`
  const old = await putObject(store, key, '0123456789', {}, 'unconditional')
  const part = await streamObject(store, key, { etag: old!, range: { start: 2, end: 4 } })
  expect(part !== undefined && (await buffer(part)).toString() === '234', 'a ranged read returned wrong bytes')
  await putObject(store, key, '9876543210', {}, 'unconditional')
  expect(
    await streamObject(store, key, { etag: old!, range: { start: 2, end: 4 } }) === undefined,
    'a ranged read with If-Match returned the bytes of another version'
  )
  return 'ranged reads with If-Match work'
}
