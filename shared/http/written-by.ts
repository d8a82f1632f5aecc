import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

/**
 * An answer's body that writes itself, for `reply.send`: Fastify pipes the stream that it gets to the answer, and
 * watches both ends. `abandon` is called when it is not, or no longer, needed.
 */
export function writtenBy (write: (answer: ServerResponse) => Promise<void>, abandon: () => void): Readable {
  const stream = new Readable({ read () {} })
  stream.once('close', abandon)
  return Object.assign(stream, {
    pipe<T extends NodeJS.WritableStream> (answer: T): T {
      write(answer as unknown as ServerResponse).then(() => {
        answer.end()
        // Tells Fastify that the body is complete.
        stream.push(null)
        stream.resume()
      }, (error: Error) => stream.destroy(error))
      return answer
    }
  })
}
