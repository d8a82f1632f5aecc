import { chunksWithin } from './chunks-within.ts'
import { eventParser, type ServerEvent } from './event-parser.ts'

/** The server pings every 15 s, so a stream on which nothing comes for so long is dead. */
const QUIET_MS = 45_000

/** The events of one stream, until the server or the network ends it. Throws a TimeoutError when it is quiet. */
export async function * serverEvents (
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  quietMs = QUIET_MS
): AsyncGenerator<ServerEvent> {
  const parse = eventParser()
  const text = new TextDecoder()
  for await (const chunk of chunksWithin(body, quietMs)) yield * parse(text.decode(chunk, { stream: true }))
}
