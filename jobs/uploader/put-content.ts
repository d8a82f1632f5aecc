import http from 'node:http'
import https from 'node:https'
import { readAll } from '../../shared/http/bodies/read-all.ts'

/** What result-upload signed; the store takes nothing that differs from it. */
export interface Grant {
  method: string
  url: string
  headers: Record<string, string>
}

/**
 * `stored`: the store has exactly these bytes. `changed`: the bytes are not those that were granted. `again`: the store
 * is away or busy, or the grant is over. `refused`: an answer that may not change.
 */
export type Sent = 'stored' | 'changed' | 'again' | { refused: string }

/** How long the store may stay silent before it counts as down. */
const SILENCE_MS = 60_000

const DIFFERS = ['BadDigest', 'XAmzContentChecksumMismatch', 'XAmzContentSHA256Mismatch', 'InvalidDigest']

const options = { keepAlive: true, maxSockets: 32 }
const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) }

/** Sends bytes as a grant allows. Never rejects. */
export async function putContent (
  body: Buffer | AsyncIterable<Buffer>,
  grant: Grant,
  { signal, log }: { signal: AbortSignal, log: (line: string) => void }
): Promise<Sent> {
  try {
    const { status, code } = await put(body, grant, signal)
    // 412: it is there already; the key of a content is its digest, which the store has checked.
    if (status === 200 || status === 412) return 'stored'
    log(`the store answers ${status} ${code}`)
    if (DIFFERS.includes(code)) return 'changed'
    const mayPass = status >= 500 || [408, 409, 425, 429].includes(status) || code === 'RequestTimeout'
    return mayPass ? 'again' : { refused: `the store answers ${status} ${code}` }
  } catch (error) {
    if (error === SHORTER) return 'changed'
    log(`the store: ${(error as Error).message}`)
    return 'again'
  }
}

/** The status of the answer, and the code of an S3 error. Rejects whenever there is no whole answer. */
async function put (
  body: Buffer | AsyncIterable<Buffer>,
  { method, url, headers }: Grant,
  signal: AbortSignal
): Promise<{ status: number, code: string }> {
  const secure = url.startsWith('https:')
  const agent = agents[secure ? 'https:' : 'http:']
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number, code: string }>()
  // Not fetch: with a stream it would leave out the Content-Length that was signed.
  const request = (secure ? https : http).request(url, { method, headers, agent, signal, timeout: SILENCE_MS })
  request.on('timeout', () => request.destroy(new Error(`silent for ${SILENCE_MS} ms`)))
  // A connection may break at any time, also after all is sent: a promise that is settled does not mind.
  request.on('error', reject)
  let answered = false
  request.on('close', () => answered || reject(new Error('it closed the connection without an answer')))
  request.on('response', (response) => {
    answered = true
    readAll(response).then((answer) => {
      resolve({ status: response.statusCode ?? 0, code: /<Code>(\w+)<\/Code>/.exec(answer.toString())?.[1] ?? '' })
      // A refusal can come before all is sent, and then the rest need not be.
      if (!request.writableFinished) request.destroy()
    }, reject)
  })
  if (Buffer.isBuffer(body)) request.end(body)
  else {
    writeAll(request, body).catch((error) => {
      // Before the request is broken off and has an error of its own.
      reject(error)
      request.destroy()
    })
  }
  return await promise
}

/** One chunk after another: the source uses the memory of a chunk again when it is sent. */
async function writeAll (request: http.ClientRequest, body: AsyncIterable<Buffer>): Promise<void> {
  let goOn = (): void => {}
  request.on('close', () => goOn())
  for await (const bytes of body) {
    if (request.destroyed) return
    await new Promise<void>((resolve) => {
      goOn = resolve
      request.write(bytes, () => resolve())
    })
  }
  request.end()
}

const SHORTER = new Error('the file has become shorter')

/** Breaks off when there is less than was promised: the store would wait for the rest. */
export async function * exactly (size: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = size
  for await (const bytes of source) {
    left -= bytes.length
    yield bytes
  }
  if (left !== 0) throw SHORTER
}
