import { chunksWithin } from '../../shared/http/streams/chunks-within.ts'

/** A connection that brings nothing for so long is given up. */
const SILENCE_MS = 60_000

/** The chunks of the body of an answer; none if it has no body. */
export async function * bodyOf ({ body }: Response): AsyncGenerator<Uint8Array> {
  if (body !== null) yield * chunksWithin(body, SILENCE_MS)
}
