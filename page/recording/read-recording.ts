import { McapIndexedReader } from '@mcap/core'
import { hasPosition, type Position, positionOf } from './position-of.ts'

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
  readRoute: (() => Promise<Position[]>) | undefined
}

type Readable = Parameters<typeof McapIndexedReader.Initialize>[0]['readable']

/** What may be read of a recording for its route. Of a larger one, pieces are read, and lines drawn between them. */
const ROUTE_BYTES = 4_000_000
const MOST_POSITIONS = 5_000

/** Reads the summary at the end of an MCAP file: a few kilobytes, however large the file is. */
export async function readRecording (readable: Readable): Promise<Recording> {
  const reader = await McapIndexedReader.Initialize({ readable })
  const { statistics, channelsById, schemasById, chunkIndexes } = reader
  const counts = statistics?.channelMessageCounts
  const topics = [...channelsById.values()].map(({ id, topic, schemaId }) => ({
    name: topic,
    type: schemasById.get(schemaId)?.name ?? '',
    messages: Number(counts?.get(id) ?? 0n)
  })).sort((a, b) => a.name < b.name ? -1 : 1)
  const began = statistics?.messageStartTime ?? 0n
  const ended = statistics?.messageEndTime ?? 0n
  const withRoute = topics.find(({ type, messages }) => hasPosition(type) && messages > 1)
  const isPlain = chunkIndexes.every(({ compression }) => compression === '')
  return {
    topics,
    messages: Number(statistics?.messageCount ?? 0n),
    seconds: Number(ended - began) / 1e9,
    start: began > 10n ** 18n / 2n ? new Date(Number(began / 1_000_000n)) : undefined,
    readRoute: withRoute !== undefined && isPlain ? async () => await readRoute(reader, withRoute) : undefined
  }
}

async function readRoute (reader: McapIndexedReader, { name, type }: Topic): Promise<Position[]> {
  const found: Position[] = []
  for (const { messageStartTime: startTime, messageEndTime: endTime } of spread(reader.chunkIndexes)) {
    for await (const { data } of reader.readMessages({ topics: [name], startTime, endTime })) {
      const position = positionOf(type, data)
      if (position !== undefined && Number.isFinite(position.x) && Number.isFinite(position.y)) found.push(position)
    }
  }
  const step = Math.ceil(found.length / MOST_POSITIONS)
  return found.filter((_, i) => i % step === 0 || i === found.length - 1)
}

type Chunk = McapIndexedReader['chunkIndexes'][number]

/** As many of the chunks as may be read, from the first to the last, at the same distances. */
function spread (chunks: readonly Chunk[]): Chunk[] {
  const ordered = [...chunks].sort((a, b) => a.messageStartTime < b.messageStartTime ? -1 : 1)
  const bytes = ordered.reduce((sum, { chunkLength }) => sum + Number(chunkLength), 0)
  if (bytes <= ROUTE_BYTES) return ordered
  const count = Math.max(2, Math.floor(ordered.length * ROUTE_BYTES / bytes))
  return Array.from({ length: count }, (_, i) => ordered[Math.round(i * (ordered.length - 1) / (count - 1))]!)
}
