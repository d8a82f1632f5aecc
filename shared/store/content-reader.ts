import { pipeline } from 'node:stream/promises'
import { problem } from '../http/problem.ts'
import { storeErrors } from '../telemetry/metrics.ts'
import { startSpan } from '../telemetry/tracing.ts'
import { directGet, type DirectAnswer } from './direct-get.ts'
import { streamObject } from './object-store.ts'
import type { Store } from './open-store.ts'
import { urlSigner } from './sign-url.ts'

/** Opens an object of this size, or a range of it; `undefined` when it is gone. */
export type OpenContent = (
  key: string,
  size: number,
  range?: { start: number, end: number } | undefined
) => Promise<DirectAnswer | undefined>

/** Below this a new connection costs more than it saves. */
const WORTH_A_CONNECTION = 256 * 1024

/** Opens large contents by a connection of their own (directGet), small ones and odd answers by streamObject. */
export function contentReader (store: Store): OpenContent {
  const signUrl = urlSigner(store)

  return async function openContent (key, size, range) {
    const length = range === undefined ? size : range.end - range.start + 1
    const answer = length < WORTH_A_CONNECTION ? undefined : await direct(key, length, range)
    return answer ?? await streamed(key, length, range)
  }

  async function direct (key: string, length: number, range: { start: number, end: number } | undefined) {
    const url = signUrl({ method: 'GET', key, seconds: 60 })
    const end = startSpan('S3.GetObject', { 'aws.s3.bucket': store.bucket, 'aws.s3.key': key })
    try {
      const { silenceMs } = store
      const answer = await directGet(url, { range: range && `bytes=${range.start}-${range.end}`, length, silenceMs })
      end({})
      return answer
    } catch (cause) {
      storeErrors.inc({ operation: 'GetObject', status: 'none' })
      end({ error: 'none' })
      throw problem('store-unavailable', 'The object store cannot be reached or does not answer as it should', {
        cause: new Error(`GET ${store.bucket}/${key}`, { cause })
      })
    }
  }

  async function streamed (
    key: string,
    length: number,
    range: { start: number, end: number } | undefined
  ): Promise<DirectAnswer | undefined> {
    const stream = await streamObject(store, key, { range })
    return stream && {
      async copyTo (destination, see) {
        let missing = length
        await pipeline(stream, async function * (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            missing -= chunk.length
            if (missing < 0) break
            see?.(chunk)
            yield chunk
          }
          if (missing !== 0) throw new Error(`the object store has not sent ${length} bytes`)
        }, destination, { end: false })
      },
      close: () => {
        stream.destroy()
      }
    }
  }
}
