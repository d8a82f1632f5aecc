import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '@foxglove/rosmsg'
import { MessageWriter } from '@foxglove/rosmsg2-serialization'
import { McapWriter } from '@mcap/core'
import t from 'tap'
import { createRecording } from '../../jobs/drive/create-recording.ts'
import { definitionOf } from '../../jobs/drive/message-types.ts'
import { positionOf } from '../../page/recording/position-of.ts'
import { readRecording } from '../../page/recording/read-recording.ts'
import { routePlot } from '../../page/recording/route-plot.ts'

/** Reads bytes as the page reads a file, and counts them. */
function readable (bytes: Uint8Array) {
  const read = { bytes: 0, requests: 0 }
  return {
    read,
    source: {
      size: async () => BigInt(bytes.length),
      async read (offset: bigint, length: bigint) {
        read.bytes += Number(length)
        read.requests++
        return bytes.slice(Number(offset), Number(offset + length))
      }
    }
  }
}

await t.test('a position is read wherever it lies in a message', async (t) => {
  const header = (frame: string) => ({ stamp: { sec: 1, nanosec: 2 }, frame_id: frame })
  const pose = { position: { x: 1.5, y: -2.25, z: 3 }, orientation: { x: 0, y: 0, z: 0, w: 1 } }
  const writerOf = (type: string) => new MessageWriter(parse(definitionOf(type), { ros2: true }))
  for (const frame of ['', 'o', 'map', 'odom', 'a/longer/frame']) {
    const data = writerOf('geometry_msgs/PoseStamped').writeMessage({ header: header(frame), pose })
    t.strictSame(positionOf('geometry_msgs/msg/PoseStamped', data), { x: 1.5, y: -2.25 }, frame)
    t.equal(positionOf('geometry_msgs/msg/PoseStamped', data.subarray(0, 30)), undefined, 'a message that was cut')
    const odometry = writerOf('nav_msgs/Odometry').writeMessage({
      header: header(frame),
      child_frame_id: 'base',
      pose: { pose, covariance: new Float64Array(36) }
    })
    t.strictSame(positionOf('nav_msgs/msg/Odometry', odometry), { x: 1.5, y: -2.25 }, frame)
  }
})

await t.test('of a recording, the summary and the route are read in pieces', async (t) => {
  const path = join(t.testdir({}), 'drive.mcap')
  const recording = await createRecording(path)
  for (let step = 0; step < 100; step++) {
    const state = { step, x: step, y: step / 2, heading: 0, speed: 1, yawRate: 0, steering: 0, distance: step }
    await recording.add(state as never)
  }
  await recording.close()
  const { source, read } = readable(readFileSync(path))
  const found = await readRecording(source)
  t.match(found, { messages: 300, seconds: 1.98, start: new Date('2000-01-01T00:00:00Z') })
  t.strictSame(found.topics, [
    { name: '/odom', type: 'nav_msgs/msg/Odometry', messages: 100 },
    { name: '/pose', type: 'geometry_msgs/msg/PoseStamped', messages: 100 },
    { name: '/steering', type: 'std_msgs/msg/Float64', messages: 100 }
  ])
  t.ok(read.bytes < 10_000 && read.requests < 10, `${read.bytes} bytes in ${read.requests} requests`)
  const route = await found.readRoute!()
  t.equal(route.length, 100)
  t.strictSame([route[0], route[99]], [{ x: 0, y: 0 }, { x: 99, y: 49.5 }])
})

await t.test('a recording without positions has no route', async (t) => {
  const written: Uint8Array[] = []
  let position = 0n
  const writer = new McapWriter({
    writable: {
      position: () => position,
      async write (bytes) {
        written.push(bytes.slice())
        position += BigInt(bytes.length)
      }
    }
  })
  await writer.start({ profile: '', library: '' })
  await writer.registerChannel({ topic: '/a', schemaId: 0, messageEncoding: 'json', metadata: new Map() })
  await writer.end()
  const found = await readRecording(readable(Buffer.concat(written)).source)
  t.match(found, { messages: 0, seconds: 0, start: undefined, readRoute: undefined })
})

await t.test('a route is drawn with one scale, and north is up', async (t) => {
  t.match(routePlot([{ x: 10, y: 0 }, { x: 20, y: 0 }, { x: 20, y: 5 }]), {
    path: 'M40 500L960 500L960 40',
    viewBox: '0 0 1000 540',
    start: { x: 40, y: 500 },
    end: { x: 960, y: 40 },
    width: 10,
    height: 5
  })
  t.equal(routePlot([{ x: 1, y: 1 }]), undefined)
  t.ok(routePlot([{ x: 1, y: 1 }, { x: 1, y: 1 }]), 'a vehicle that stands still')
})
