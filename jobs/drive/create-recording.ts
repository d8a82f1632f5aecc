import { open } from 'node:fs/promises'
import { parse } from '@foxglove/rosmsg'
import { MessageWriter } from '@foxglove/rosmsg2-serialization'
import { McapWriter } from '@mcap/core'
import { definitionOf } from './message-types.ts'
import { recordingTopics } from './recording-topics.ts'
import { STEPS_PER_SECOND, type DriveState } from './simulate-drive.ts'

// The recording has simulated time, so that the same drive gives the same bytes.
const EPOCH = BigInt(Date.UTC(2000, 0, 1)) * 1_000_000n
const NANOSECONDS_PER_STEP = BigInt(1e9 / STEPS_PER_SECOND)

/** What the metadata of a bag tell of a recording. Times in nanoseconds. */
export interface Recorded {
  start: bigint
  duration: bigint
  topics: { topic: string, type: string, messages: number }[]
}

/**
 * Creates an MCAP file (https://mcap.dev/spec) as rosbag2 writes it: profile `ros2`, standard message types, messages
 * in CDR. Each added state gives one message on each topic. The file is readable only after `close`.
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
  await writer.start({ profile: 'ros2', library: 'gx4ki-jobs drive' })

  const encoder = new TextEncoder()
  const channels: { id: number, topic: typeof recordingTopics[number], serializer: MessageWriter }[] = []
  for (const topic of recordingTopics) {
    const definition = definitionOf(topic.type)
    const schemaId = await writer.registerSchema({
      name: inRos2(topic.type),
      encoding: 'ros2msg',
      data: encoder.encode(definition)
    })
    const channel = { topic: topic.topic, schemaId, messageEncoding: 'cdr', metadata: new Map() }
    const serializer = new MessageWriter(parse(definition, { ros2: true }))
    channels.push({ id: await writer.registerChannel(channel), topic, serializer })
  }
  let steps = 0

  return {
    async add (state: DriveState) {
      const time = EPOCH + BigInt(state.step) * NANOSECONDS_PER_STEP
      const stamp = { sec: Number(time / 1_000_000_000n), nanosec: Number(time % 1_000_000_000n) }
      for (const { id, topic, serializer } of channels) {
        const data = serializer.writeMessage(topic.message(stamp, state))
        await writer.addMessage({ channelId: id, sequence: state.step, logTime: time, publishTime: time, data })
      }
      steps++
    },
    async close (): Promise<Recorded> {
      await writer.end()
      await file.close()
      return {
        start: EPOCH,
        duration: BigInt(steps - 1) * NANOSECONDS_PER_STEP,
        topics: recordingTopics.map(({ topic, type }) => ({ topic, type: inRos2(type), messages: steps }))
      }
    }
  }
}

/** ROS 2 names a message type with the kind of interface in the middle. */
function inRos2 (type: string): string {
  return type.replace('/', '/msg/')
}
