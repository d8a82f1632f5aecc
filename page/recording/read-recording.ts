import { McapIndexedReader } from '@mcap/core'
import { bounded, type Readable } from './bounded.ts'
import { hasPosition } from './position-of.ts'
import { type Chunk, readRoute, type Route } from './read-route.ts'

export interface Topic {
  name: string
  type: string
  messages: number
}

export interface Recording {
  topics: Topic[]
  messages: number
  seconds: number
  /** When the recording begins, if its times are those of a clock. */
  start: Date | undefined
  /** Reads the route, if a topic has positions and the recording is not compressed. */
  readRoute: (() => Promise<Route>) | undefined
}

/** Header and summary, which lists all chunks: a few megabytes for a recording of many gigabytes. */
const SUMMARY_BYTES = 16_000_000

/** Reads the summary at the end of an MCAP file. */
export async function readRecording (readable: Readable): Promise<Recording> {
  const { statistics, channelsById, schemasById, chunkIndexes } = await McapIndexedReader.Initialize({
    readable: bounded(
      readable,
      SUMMARY_BYTES,
      'The summary of this recording has more than 16 MB, which the page does not read: download the file'
    )
  })
  const counts = statistics?.channelMessageCounts
  const topics = [...channelsById.values()].map(({ id, topic, schemaId }) => ({
    id,
    name: topic,
    type: schemasById.get(schemaId)?.name ?? '',
    messages: Number(counts?.get(id) ?? 0n)
  })).sort((a, b) => a.name < b.name ? -1 : 1)
  const began = statistics?.messageStartTime ?? 0n
  const ended = statistics?.messageEndTime ?? 0n
  const withRoute = topics.find(({ type, messages }) => hasPosition(type) && messages > 1)
  return {
    topics: topics.map(({ id: _, ...topic }) => topic),
    messages: Number(statistics?.messageCount ?? 0n),
    seconds: Number(ended - began) / 1e9,
    start: began > 10n ** 18n / 2n ? new Date(Number(began / 1_000_000n)) : undefined,
    readRoute: routeOf(withRoute)
  }

  function routeOf (topic: typeof withRoute): Recording['readRoute'] {
    if (topic === undefined) return undefined
    const ids = topics.filter(({ name, type }) => name === topic.name && type === topic.type).map(({ id }) => id)
    const chunks = chunksOf(chunkIndexes, ids)
    if (chunks.some(({ compression }) => compression !== '')) return undefined
    return async () => await readRoute(readable, chunks, new Set(ids), topic.type)
  }
}

/** The chunks that may have messages of these channels, each of them once. */
function chunksOf (all: readonly Chunk[], channels: number[]): Chunk[] {
  const wanted = all.filter(({ messageIndexOffsets: offsets }) =>
    offsets.size === 0 || channels.some((id) => offsets.has(id)))
  return [...new Map(wanted.map((chunk) => [chunk.chunkStartOffset, chunk])).values()]
}
