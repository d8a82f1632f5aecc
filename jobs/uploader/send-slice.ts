import type { FileHandle } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { pipeline } from 'node:stream'
import { readSlice } from './read-slice.ts'
import type { Slice } from './slices-of.ts'

/** What result-upload signed; the store takes nothing that differs from it. */
export interface Grant {
  method: string
  url: string
  headers: Record<string, string>
}

/**
 * `changed`: the bytes are not those that were granted. `again`: ask again, the grant may be over or the store away.
 */
export type Sent = 'sent' | 'changed' | 'again'

/** How long the store may stay silent before it counts as down. */
const SILENCE_MS = 60_000

export async function sendSlice (
  file: FileHandle,
  slice: Slice,
  grant: Grant,
  log: (line: string) => void
): Promise<Sent> {
  try {
    const status = await put(file, slice, grant)
    if (status === 200) return 'sent'
    log(`the store answers ${status}`)
    return status === 400 ? 'changed' : 'again'
  } catch (error) {
    log(`the store: ${(error as Error).message}`)
    return 'again'
  }
}

async function put (file: FileHandle, slice: Slice, { method, url, headers }: Grant): Promise<number> {
  const { promise: answered, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  // Not fetch: with a stream it would leave out the Content-Length that was signed.
  const request = (url.startsWith('https:') ? https : http).request(url, { method, headers, timeout: SILENCE_MS })
  request.once('response', resolve)
  request.once('timeout', () => request.destroy(new Error(`silent for ${SILENCE_MS} ms`)))
  pipeline(exactly(slice.size, readSlice(file, slice)), request, (error) => error && reject(error))
  const response = await answered
  response.resume()
  // A refusal can come before all is sent, and then the rest need not be.
  if (!request.writableFinished) request.destroy()
  return response.statusCode ?? 0
}

/** Breaks off when there is less than was promised: the store would wait for the rest. */
async function * exactly (size: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = size
  for await (const bytes of source) {
    left -= bytes.length
    yield bytes
  }
  if (left !== 0) throw new Error('the file has become shorter meanwhile')
}
