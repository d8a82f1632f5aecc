import { createHash } from 'node:crypto'
import http from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** One agent for all requests of the bench, as a client with open connections has. */
const agent = new http.Agent({ keepAlive: true })

export interface Request {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
}

export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

/** Sends a request and reads the answer as a whole. Throws for another status than the expected one. */
export async function ask (url: string, expected: number, request: Request = {}): Promise<Answer> {
  const response = await send(url, request)
  const body = await buffer(response)
  if (response.statusCode !== expected) {
    throw new Error(`${request.method ?? 'GET'} ${url}: ${response.statusCode} ${body.toString().slice(0, 500)}`)
  }
  return { status: response.statusCode, headers: response.headers, body }
}

/** Reads an answer without keeping it. Returns its size and sha256. */
export async function digestOf (url: string, request: Request = {}): Promise<{ size: number, sha256: string }> {
  const response = await send(url, request)
  if (response.statusCode !== 200) throw new Error(`GET ${url}: ${response.statusCode} ${await buffer(response)}`)
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash.update(chunk)
    size += chunk.length
  }
  return { size, sha256: hash.digest('hex') }
}

/** Sends the request again until the program listens. */
export async function askFirst (url: string, expected: number, request: Request = {}): Promise<Answer> {
  const deadline = performance.now() + 60_000
  for (;;) {
    try {
      return await ask(url, expected, request)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED' || performance.now() > deadline) throw error
      await sleep(1)
    }
  }
}

export async function send (url: string, { method = 'GET', headers = {}, body }: Request): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  http.request(url, { agent, method, headers: { ...headers, ...length } }, resolve).on('error', reject).end(body)
  return await promise
}

/** Runs a task so often, so many at a time. Returns how long all of them took, in ms. */
export async function inFlight (
  times: number,
  together: number,
  task: (index: number) => Promise<unknown>
): Promise<number> {
  const began = performance.now()
  let next = 0
  await Promise.all(Array.from({ length: together }, async () => {
    while (next < times) await task(next++)
  }))
  return performance.now() - began
}
