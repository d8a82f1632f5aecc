export interface Message {
  time: bigint
  data: Uint8Array
}

/** The records of MCAP (https://mcap.dev/spec) that are read here. All numbers are little-endian. */
const CHUNK = 0x06
const MESSAGE = 0x05
/** Opcode and length of a record. */
const RECORD_HEAD = 9
/** Start, end and size of a chunk, and its checksum. */
const CHUNK_HEAD = 28
/** Channel, number and two times of a message. */
const MESSAGE_HEAD = 22

/** The messages of some channels, from a chunk that is not compressed. */
export function messagesIn (chunk: Uint8Array, channels: Set<number>): Message[] {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  let at = RECORD_HEAD + CHUNK_HEAD
  if (view.byteLength < at + 12 || view.getUint8(0) !== CHUNK || view.getUint32(at, true) !== 0) throw broken()
  const end = at + 12 + lengthAt(view, at + 4)
  if (end > view.byteLength) throw broken()
  const found: Message[] = []
  for (at += 12; at < end;) {
    if (at + RECORD_HEAD > end) throw broken()
    const body = at + RECORD_HEAD
    const next = body + lengthAt(view, at + 1)
    if (next > end) throw broken()
    if (view.getUint8(at) === MESSAGE) {
      if (next - body < MESSAGE_HEAD) throw broken()
      if (channels.has(view.getUint16(body, true))) {
        found.push({ time: view.getBigUint64(body + 6, true), data: chunk.subarray(body + MESSAGE_HEAD, next) })
      }
    }
    at = next
  }
  return found
}

function lengthAt (view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true))
}

function broken (): Error {
  return new Error('The recording is broken: a chunk is not where its index says, or ends too soon')
}
