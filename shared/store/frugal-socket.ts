import net from 'node:net'
import tls from 'node:tls'

/** A read from a socket fills at most this. */
const CHUNK = 64 * 1024

/** How many chunks of one connection may be on their way. */
const BUFFERS = 4

/**
 * Connects to the host of a URL, and reads everything into the same few buffers. The bytes that `receive` gets are
 * valid until it calls `done`; with no buffer free, nothing is read. The socket is destroyed when nothing comes for
 * `silenceMs` although there is room for it.
 */
export function frugalSocket (
  url: URL,
  silenceMs: number,
  receive: (bytes: Buffer, done: () => void) => void
): net.Socket {
  const free = Array.from({ length: BUFFERS }, () => Buffer.allocUnsafeSlow(CHUNK))
  let next: Buffer<ArrayBuffer>
  let isPaused = false
  const socket = connect(url, {
    buffer: () => (next = free.pop()!),
    callback: (size) => {
      const bytes = next.subarray(0, size)
      if (free.length === 0) {
        // The socket must always have one to fill, and TLS goes on for a while when it is paused.
        free.push(next)
        receive(Buffer.from(bytes), () => {})
        return false
      }
      const filled = next
      receive(bytes, () => {
        free.push(filled)
        if (!isPaused || socket.destroyed) return
        isPaused = false
        socket.setTimeout(silenceMs)
        socket.resume()
      })
      if (free.length > 1 || socket.destroyed) return true
      isPaused = true
      // Until there is room, the silence is not that of the other side.
      socket.setTimeout(0)
      return false
    }
  })
  socket.setTimeout(silenceMs)
  socket.once('timeout', () => socket.destroy(new Error(`the object store sent nothing for ${silenceMs} ms`)))
  return socket
}

function connect (url: URL, onread: net.OnReadOpts): net.Socket {
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const to = { host, port: Number(url.port) || (secure ? 443 : 80), onread }
  return secure ? tls.connect({ ...to, ...(net.isIP(host) === 0 && { servername: host }) }) : net.connect(to)
}
