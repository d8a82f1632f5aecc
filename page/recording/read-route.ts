import type { McapIndexedReader } from '@mcap/core'
import { bounded, type Readable } from './bounded.ts'
import { type Message, messagesIn } from './messages-in.ts'
import { type Position, positionOf } from './position-of.ts'

export type Chunk = McapIndexedReader['chunkIndexes'][number]

export interface Route {
  positions: Position[]
  /** How many chunks have positions, how many of them were read, and how many are too large for that. */
  chunks: number
  read: number
  tooLarge: number
}

/** What may be read of a recording for its route. Of a larger one, pieces are read, and lines drawn between them. */
export const ROUTE_BYTES = 4_000_000
const ROUTE_REQUESTS = 100
const MOST_POSITIONS = 5_000

/** Reads the route from chunks that are not compressed, each with one request. */
export async function readRoute (
  readable: Readable,
  chunks: Chunk[],
  channels: Set<number>,
  type: string
): Promise<Route> {
  const limited = bounded(readable, ROUTE_BYTES, 'The recording has more than the page reads of it')
  const small = chunks.filter(({ chunkLength }) => chunkLength <= ROUTE_BYTES)
  const messages: Message[] = []
  let left = ROUTE_BYTES
  let read = 0
  for (const { chunkStartOffset, chunkLength } of spread(small)) {
    if (chunkLength > left) continue
    left -= Number(chunkLength)
    read++
    const chunk = await limited.read(chunkStartOffset, chunkLength)
    for (const message of messagesIn(chunk, channels)) messages.push(message)
  }
  // Chunks may overlap in time.
  messages.sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
  const found = messages.flatMap(({ data }) => {
    const position = positionOf(type, data)
    return position !== undefined && Number.isFinite(position.x) && Number.isFinite(position.y) ? [position] : []
  })
  const step = Math.ceil(found.length / MOST_POSITIONS)
  return {
    positions: found.filter((_, i) => i % step === 0 || i === found.length - 1),
    chunks: chunks.length,
    read,
    tooLarge: chunks.length - small.length
  }
}

/** As many of the chunks as may be read, from the first to the last, at the same distances. */
function spread (chunks: Chunk[]): Chunk[] {
  const ordered = chunks.toSorted((a, b) => a.messageStartTime < b.messageStartTime ? -1 : 1)
  const bytes = ordered.reduce((sum, { chunkLength }) => sum + Number(chunkLength), 0)
  const fitting = bytes <= ROUTE_BYTES ? ordered.length : Math.floor(ordered.length * ROUTE_BYTES / bytes)
  const count = Math.max(2, Math.min(ROUTE_REQUESTS, fitting))
  if (count >= ordered.length) return ordered
  return Array.from({ length: count }, (_, i) => ordered[Math.round(i * (ordered.length - 1) / (count - 1))]!)
}
