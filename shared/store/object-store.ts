import type http from 'node:http'
import { percentEncode } from '../http/percent-encode.ts'
import type { Store } from './open-store.ts'
import { etagOf, isAbsent, isUnmet, nonsense, parseXml, whole } from './store-answer.ts'
import { request } from './store-request.ts'

export type Tags = Record<string, string>

export interface StoredObject {
  key: string
  size: number
  etag: string
  /** When it was written, by the clock of the store. */
  lastModified: string
  tags: Tags
}

export type PutCondition = { ifNoneMatch: '*' } | { ifMatch: string } | 'unconditional'

/**
 * Writes body and tags in one request, the only way that is atomic on every store. Answers the new ETag, or `undefined`
 * when the condition did not hold (404 for If-Match on nothing).
 */
export async function putObject (
  store: Store,
  key: string,
  body: string | Buffer,
  tags: Tags,
  condition: PutCondition,
  contentType = 'application/json'
): Promise<string | undefined> {
  const headers: Record<string, string> = { 'content-type': contentType }
  if (Object.keys(tags).length > 0) headers['x-amz-tagging'] = encodeTags(tags)
  let unmet: number[] = []
  if (condition !== 'unconditional') {
    if ('ifMatch' in condition) headers['if-match'] = condition.ifMatch
    else headers['if-none-match'] = condition.ifNoneMatch
    unmet = 'ifMatch' in condition ? [404, 409, 412] : [409, 412]
  }
  const response = await request(store, {
    operation: 'PutObject',
    method: 'PUT',
    key,
    headers,
    body,
    accept: [200, ...unmet]
  })
  if (await isAbsent(response) || await isUnmet(response)) return undefined
  await whole(response)
  return etagOf(response)
}

/** A small object, whole; `undefined` when there is none. */
export async function getObject (store: Store, key: string): Promise<{ body: Buffer, etag: string } | undefined> {
  const response = await request(store, { operation: 'GetObject', method: 'GET', key, accept: [200, 404] })
  return await isAbsent(response) ? undefined : { body: await whole(response), etag: etagOf(response) }
}

/**
 * The bytes of an object as they come, from `start` to `end` inclusive; `undefined` when it is gone, or when it is no
 * longer the one with that ETag.
 */
export async function streamObject (
  store: Store,
  key: string,
  { etag, range }: { etag?: string, range?: { start: number, end: number } | undefined } = {}
): Promise<http.IncomingMessage | undefined> {
  const headers = {
    ...(etag !== undefined && { 'if-match': etag }),
    ...(range && { range: `bytes=${range.start}-${range.end}` })
  }
  const response = await request(store, {
    operation: 'GetObject',
    method: 'GET',
    key,
    headers,
    accept: [range ? 206 : 200, 404, 412]
  })
  if (await isAbsent(response) || await isUnmet(response)) return undefined
  try {
    etagOf(response)
  } catch (error) {
    response.destroy()
    throw error
  }
  endWhenSilent(response, store.silenceMs)
  return response
}

/**
 * From the first byte on the reader sets the pace, so a socket on which nothing comes may mean that the reader is slow.
 * The store counts as silent only when there is room for its bytes, bytes are missing and none come. Room that a reader
 * has just made is not silence, so the time is counted in short ticks.
 */
function endWhenSilent (response: http.IncomingMessage, silenceMs: number): void {
  const { socket } = response
  socket.setTimeout(0)
  let seen = socket.bytesRead
  let silentTicks = 0
  const watch = setInterval(() => {
    const isWaiting = !response.complete && response.readableLength < response.readableHighWaterMark
    silentTicks = isWaiting && socket.bytesRead === seen ? silentTicks + 1 : 0
    seen = socket.bytesRead
    if (silentTicks > TICKS) response.destroy(new Error(`the object store sent nothing for ${silenceMs} ms`))
  }, silenceMs / TICKS)
  response.once('close', () => clearInterval(watch))
}

/** How many ticks the silence of a store lasts. */
const TICKS = 4

export async function headObject (
  store: Store,
  key: string
): Promise<{ size: number, etag: string, lastModified: string } | undefined> {
  const response = await request(store, { operation: 'HeadObject', method: 'HEAD', key, accept: [200, 404] })
  await whole(response)
  // Without a body it has no words for whether the bucket is there.
  if (response.statusCode === 404) return undefined
  return {
    size: sizeOf(response.headers['content-length']),
    etag: etagOf(response),
    lastModified: response.headers['last-modified'] ?? ''
  }
}

export async function removeObject (store: Store, key: string): Promise<void> {
  const response = await request(store, { operation: 'DeleteObject', method: 'DELETE', key, accept: [204, 404] })
  if (!await isAbsent(response)) await whole(response)
}

/** The tags of an object, as strings: `007` is not 7. None when there is no object. */
export async function getTags (store: Store, key: string): Promise<Tags> {
  const response = await request(store, {
    operation: 'GetObjectTagging',
    method: 'GET',
    key,
    query: 'tagging',
    accept: [200, 404]
  })
  if (await isAbsent(response)) return {}
  const { Tagging } = parseXml(await whole(response), 'Tagging') as {
    Tagging: { TagSet?: { Tag?: { Key: string, Value: string }[] } }
  }
  return Object.fromEntries((Tagging.TagSet?.Tag ?? []).map(({ Key, Value }) => [Key, Value]))
}

export interface Page {
  objects: StoredObject[]
  /** Leads to the next page; `undefined` on the last one. */
  next: string | undefined
  /** When the page was made, by the clock of the store. */
  at: Date
}

export interface Listing {
  prefix: string
  /** The `next` of the page before. */
  cursor?: string | undefined
  /**
   * Begins after this key, which has no slash below the prefix: MinIO ends a listing early when this key lies in a
   * "folder" `X/` and there are keys such as `X-…` or `X.…` beside it. It does the same with the cursor of a listing
   * that it has forgotten, after a restart or three minutes without a request: see bucket-layout.ts.
   */
  after?: string | undefined
  limit?: number
  /** `if sent`: no object has tags when the store does not send them with the listing. */
  tags: boolean | 'if sent'
}

/**
 * One page of the keys under a prefix; with tags when they are asked for. Keys without another slash below the prefix
 * are in the order of their bytes on every store; SeaweedFS orders other keys by folder. MinIO sends the tags along
 * (`metadata=true`, an extension of its own); any other store is asked for the tags of each object.
 */
export async function listObjects (
  store: Store,
  { prefix, cursor, after, limit = 1000, tags }: Listing
): Promise<Page> {
  // In the order of the names, as the signature wants them.
  const query = [
    ...(cursor !== undefined ? [`continuation-token=${percentEncode(cursor)}`] : []),
    'encoding-type=url',
    'list-type=2',
    `max-keys=${limit}`,
    ...(tags !== false ? ['metadata=true'] : []),
    `prefix=${percentEncode(prefix)}`,
    ...(after !== undefined && cursor === undefined ? [`start-after=${percentEncode(after)}`] : [])
  ].join('&')
  const response = await request(store, { operation: 'ListObjectsV2', method: 'GET', query, accept: [200] })
  const { ListBucketResult: listing } = parseXml(await whole(response), 'ListBucketResult') as {
    ListBucketResult: ListBucketResult
  }
  const objects = await inBatches(listing.Contents ?? [], async ({ Key, Size, ETag, LastModified = '', UserTags }) => {
    const key = decodeKey(Key, listing.EncodingType)
    const tagsOf = async (): Promise<Tags> => tags === true ? await getTags(store, key) : {}
    return {
      key,
      size: sizeOf(Size),
      etag: ETag,
      lastModified: LastModified,
      tags: tags !== false && UserTags !== undefined ? decodeTags(UserTags) : await tagsOf()
    }
  })
  return { objects, next: nextOf(listing, cursor), at: new Date(response.headers.date ?? NaN) }
}

function nextOf ({ IsTruncated, NextContinuationToken: next }: ListBucketResult, cursor?: string): string | undefined {
  if (IsTruncated !== 'true') return undefined
  if (!next || next === cursor) throw nonsense(new Error('a listing says that it goes on, and not where'))
  return next
}

function decodeKey (key: string | undefined, encoding: string | undefined): string {
  if (!key) throw nonsense(new Error('there is an object without a key'))
  if (encoding !== 'url') return key
  try {
    return decodeURIComponent(key.replaceAll('+', '%20'))
  } catch (cause) {
    throw nonsense(cause)
  }
}

function sizeOf (size: string | undefined): number {
  if (!/^\d+$/.test(String(size))) throw nonsense(new Error('there is an object without a size'))
  return Number(size)
}

interface ListBucketResult {
  EncodingType?: string
  IsTruncated?: string
  NextContinuationToken?: string
  Contents?: { Key?: string, Size?: string, ETag: string, LastModified?: string, UserTags?: string }[]
}

/** Every key under a prefix, page by page. */
export async function * listAll (
  store: Store,
  prefix: string,
  { tags }: { tags: boolean }
): AsyncGenerator<StoredObject> {
  let cursor: string | undefined
  do {
    const { objects, next } = await listObjects(store, { prefix, cursor, tags })
    yield * objects
    cursor = next
  } while (cursor !== undefined)
}

/** In order, sixteen at a time: enough to hide the round trips, few enough not to crowd the store. */
export async function inBatches<A, B> (items: A[], map: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = []
  for (let from = 0; from < items.length; from += 16) {
    results.push(...await Promise.all(items.slice(from, from + 16).map(map)))
  }
  return results
}

export function encodeTags (tags: Tags): string {
  return new URLSearchParams(tags).toString()
}

function decodeTags (encoded: string): Tags {
  return Object.fromEntries(new URLSearchParams(encoded))
}
