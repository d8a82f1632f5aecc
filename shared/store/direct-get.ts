import type { ServerResponse } from 'node:http'
import { frugalSocket } from './frugal-socket.ts'

/** An answer whose head has arrived. Its body waits on the connection. */
export interface DirectAnswer {
  /**
   * Writes the body to an answer, and leaves its end to the caller; `see` gets all of it, too. Rejects when one of the
   * two sides breaks off.
   */
  copyTo: (destination: ServerResponse, see?: (bytes: Buffer) => void) => Promise<void>
  close: () => void
}

/** Longer heads are not taken. */
const LONGEST_HEAD = 16 * 1024

/**
 * A GET for a large body that goes on to a client as it is. node:http makes a new buffer for every 64 KiB, and they
 * wait for the garbage collector: 1 GiB takes 2.1 s of CPU time and 120 MB; here 0.7 s and 2 MB. Only the plain answer
 * is taken, with a body of this length. For any other, `undefined`: node:http can tell what it means. Rejects when
 * there is no answer at all.
 */
export async function directGet (
  url: URL,
  { range, length, silenceMs }: { range: string | undefined, length: number, silenceMs: number }
): Promise<DirectAnswer | undefined> {
  return await new Promise((resolve, reject) => {
    const waiting: [Buffer, () => void][] = []
    let head = Buffer.alloc(0)
    let missing = length
    let failure: Error | undefined
    let receive = takeHead
    let deliver = (...chunk: (typeof waiting)[number]): void => {
      waiting.push(chunk)
    }

    const socket = frugalSocket(url, silenceMs, (bytes, done) => receive(bytes, done))
    socket.once('error', (error) => {
      failure = error
    })
    socket.once('close', () => reject(failure ?? new Error('the connection ended without an answer')))
    socket.write([
      `GET ${url.pathname}${url.search} HTTP/1.1`,
      `host: ${url.host}`,
      ...(range === undefined ? [] : [`range: ${range}`]),
      'accept-encoding: identity',
      'connection: close',
      '\r\n'
    ].join('\r\n'))

    function takeHead (bytes: Buffer, done: () => void): void {
      head = Buffer.concat([head, bytes])
      done()
      const end = head.indexOf('\r\n\r\n')
      if (end === -1 && head.length <= LONGEST_HEAD) return
      if (end === -1 || !isPlain(head.toString('latin1', 0, end), range === undefined ? 200 : 206, length)) {
        resolve(undefined)
        socket.destroy()
        return
      }
      receive = takeBody
      if (head.length > end + 4) takeBody(head.subarray(end + 4), () => {})
      resolve({ copyTo, close: () => socket.destroy() })
    }

    function takeBody (bytes: Buffer, done: () => void): void {
      missing -= bytes.length
      if (missing < 0) socket.destroy(new Error('the object store sent more bytes than it announced'))
      else deliver(bytes, done)
      if (missing === 0) socket.destroy()
    }

    async function copyTo (destination: ServerResponse, see?: (bytes: Buffer) => void): Promise<void> {
      let unsent = length
      const hangUp = (): void => {
        socket.destroy(new Error('the client has closed its connection'))
      }
      destination.once('close', hangUp)
      try {
        await new Promise<void>((resolve, reject) => {
          deliver = (bytes, done) => {
            see?.(bytes)
            destination.write(bytes, (error) => {
              if (error) return reject(error)
              done()
              unsent -= bytes.length
              if (unsent === 0) resolve()
            })
          }
          for (const chunk of waiting.splice(0)) deliver(...chunk)
          const breakOff = (): void => {
            if (missing !== 0) reject(failure ?? new Error('the object store broke off its answer'))
          }
          if (socket.closed) breakOff()
          else socket.once('close', breakOff)
        })
      } finally {
        destination.off('close', hangUp)
        socket.destroy()
      }
    }
  })
}

/** Whether a body follows that is just `length` bytes of an object; every store sends an ETag with one. */
function isPlain (head: string, status: number, length: number): boolean {
  const [first = '', ...lines] = head.split('\r\n')
  const headers = new Map(lines.map((line) => {
    const [, name = '', value = ''] = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    return [name.toLowerCase(), value]
  }))
  return first.startsWith(`HTTP/1.1 ${status} `) && headers.get('content-length') === String(length) &&
    headers.has('etag') && !headers.has('transfer-encoding') && !headers.has('content-encoding')
}
