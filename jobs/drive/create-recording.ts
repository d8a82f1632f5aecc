import { open } from 'node:fs/promises'
import { McapWriter } from '@mcap/core'
import { recordingChannels } from './recording-channels.ts'
import { STEPS_PER_SECOND, type DriveState } from './simulate-drive.ts'

// The recording has simulated time, so that the same drive gives the same bytes.
const EPOCH = BigInt(Date.UTC(2000, 0, 1)) * 1_000_000n
const NANOSECONDS_PER_STEP = BigInt(1e9 / STEPS_PER_SECOND)

/**
 * Creates an MCAP file (https://mcap.dev/spec) of JSON messages, with one message on each channel for every added
 * state. The file is readable only after `close`.
 */
export async function createRecording (path: string) {
  const file = await open(path, 'w')
  let position = 0n
  const writer = new McapWriter({
    writable: {
      position: () => position,
      async write (bytes) {
        await file.writeFile(bytes)
        position += BigInt(bytes.byteLength)
      }
    }
  })
  await writer.start()

  const encoder = new TextEncoder()
  const channels: { id: number, topic: string, content: (state: DriveState) => object }[] = []
  for (const { topic, schemaName, schema, content } of recordingChannels) {
    const schemaId = await writer.registerSchema({
      name: schemaName,
      encoding: 'jsonschema',
      data: encoder.encode(JSON.stringify(schema))
    })
    channels.push({
      id: await writer.registerChannel({ topic, schemaId, messageEncoding: 'json', metadata: new Map() }),
      topic,
      content
    })
  }

  return {
    async add (state: DriveState) {
      const time = EPOCH + BigInt(state.step) * NANOSECONDS_PER_STEP
      const timestamp = { sec: Number(time / 1_000_000_000n), nsec: Number(time % 1_000_000_000n) }
      for (const { id, content } of channels) {
        const data = encoder.encode(JSON.stringify({ timestamp, ...content(state) }))
        await writer.addMessage({ channelId: id, sequence: state.step, logTime: time, publishTime: time, data })
      }
    },
    /** Resolves with the number of messages on each topic. */
    async close (): Promise<Record<string, number>> {
      await writer.end()
      await file.close()
      const counts = writer.statistics!.channelMessageCounts
      return Object.fromEntries(channels.map(({ id, topic }) => [topic, Number(counts.get(id))]))
    }
  }
}
