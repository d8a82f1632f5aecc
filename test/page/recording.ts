import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '@foxglove/rosmsg'
import { MessageWriter } from '@foxglove/rosmsg2-serialization'
import { McapWriter } from '@mcap/core'
import t from 'tap'
import { createRecording } from '../../jobs/drive/create-recording.ts'
import { definitionOf } from '../../jobs/drive/message-types.ts'
import { positionOf } from '../../page/recording/position-of.ts'
import { messagesIn } from '../../page/recording/messages-in.ts'
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
  t.match(route, { chunks: 1, read: 1, tooLarge: 0 })
  t.equal(route.positions.length, 100)
  t.strictSame([route.positions[0], route.positions[99]], [{ x: 0, y: 0 }, { x: 99, y: 49.5 }])
})

await t.test('a recording without positions has no route', async (t) => {
  const bytes = await recordingOf(async (writer) => {
    await writer.registerChannel({ topic: '/a', schemaId: 0, messageEncoding: 'json', metadata: new Map() })
  })
  const found = await readRecording(readable(bytes).source)
  t.match(found, { messages: 0, seconds: 0, start: undefined, readRoute: undefined })
})

/** A recording of poses, each in a chunk of its own with as many other bytes as `padding` says. */
async function posesIn (padding: number[], timeOf = (n: number): bigint => BigInt(n)) {
  const message = new MessageWriter(parse(definitionOf('geometry_msgs/PoseStamped'), { ros2: true }))
  return await recordingOf(async (writer) => {
    const type = { name: 'geometry_msgs/msg/PoseStamped', encoding: '', data: new Uint8Array() }
    const schemaId = await writer.registerSchema(type)
    const channel = { schemaId: 0, messageEncoding: 'cdr', metadata: new Map() }
    const pad = await writer.registerChannel({ ...channel, topic: '/pad' })
    const pose = await writer.registerChannel({ ...channel, topic: '/pose', schemaId })
    for (const [n, length] of padding.entries()) {
      const position = { x: n, y: 0, z: 0 }
      const data = message.writeMessage({
        header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' },
        pose: { position, orientation: { x: 0, y: 0, z: 0, w: 1 } }
      })
      const times = { sequence: n, logTime: timeOf(n), publishTime: 0n }
      await writer.addMessage({ ...times, channelId: pose, data })
      // The writer ends a chunk when it is long enough.
      await writer.addMessage({ ...times, channelId: pad, data: new Uint8Array(length) })
    }
  }, 300)
}

await t.test('however large its chunks are, 4 MB of a recording are read for the route', async (t) => {
  const { source, read } = readable(await posesIn([1000, 60_000_000, 1000, 5_000_000, 1000]))
  const found = await readRecording(source)
  const before = read.bytes
  const route = await found.readRoute!()
  t.match(route, { chunks: 5, read: 3, tooLarge: 2 })
  t.strictSame(route.positions.map(({ x }) => x), [0, 2, 4])
  t.ok(read.bytes - before < 10_000, `${read.bytes - before} bytes`)

  const all = readable(await posesIn([60_000_000, 60_000_000]))
  const large = await (await readRecording(all.source)).readRoute!()
  t.strictSame(large, { positions: [], chunks: 2, read: 0, tooLarge: 2 })
  t.ok(all.read.bytes < 10_000, `${all.read.bytes} bytes`)

  const many = readable(await posesIn(Array.from({ length: 20 }, () => 1_000_000)))
  t.match(await (await readRecording(many.source)).readRoute!(), { chunks: 20, read: 3, tooLarge: 0 })
  t.ok(many.read.bytes < 4_100_000, `${many.read.bytes} bytes`)
})

await t.test('a chunk is read once, however many there are and however they overlap', async (t) => {
  const count = 1000
  const { source, read } = readable(await posesIn(Array(count).fill(300), (n) => BigInt(n * 7 % count)))
  const found = await readRecording(source)
  const route = await found.readRoute!()
  t.match(route, { chunks: count, read: 100, tooLarge: 0 })
  t.ok(read.requests <= 104, `${read.requests} requests`)
  const times = route.positions.map(({ x }) => x * 7 % count)
  t.strictSame(times, times.toSorted((a, b) => a - b), 'in the order of time')
})

await t.test('a summary without bound is not read', async (t) => {
  const bytes = await recordingOf(async (writer) => {
    const metadata = new Map([['a', 'x'.repeat(17_000_000)]])
    await writer.registerChannel({ topic: '/a', schemaId: 0, messageEncoding: 'json', metadata })
  })
  const { source, read } = readable(bytes)
  await t.rejects(readRecording(source), { message: /^The summary of this recording has more than 16 MB/ })
  t.ok(read.bytes < 1000, `${read.bytes} bytes`)
})

await t.test('a recording that names bytes outside of itself is not asked for them', async (t) => {
  const bytes = Buffer.from(await posesIn([1000, 1000]))
  // The footer: the begin of the summary, 28 bytes before the end.
  bytes.writeBigUInt64LE(2n ** 40n, bytes.length - 28)
  const { source, read } = readable(bytes)
  await t.rejects(readRecording(source), { message: /^The recording is broken/ })
  t.ok(read.bytes < 1000)
  for (const chunk of [Buffer.alloc(0), Buffer.alloc(60), Buffer.from([6, ...Buffer.alloc(60, 0xff)])]) {
    t.throws(() => messagesIn(chunk, new Set([1])), { message: /^The recording is broken/ })
  }
})

/** The bytes of a recording. */
async function recordingOf (fill: (writer: McapWriter) => Promise<void>, chunkSize?: number): Promise<Uint8Array> {
  const written: Uint8Array[] = []
  let position = 0n
  const writer = new McapWriter({
    writable: {
      position: () => position,
      async write (bytes) {
        written.push(bytes.slice())
        position += BigInt(bytes.length)
      }
    },
    ...(chunkSize !== undefined && { chunkSize })
  })
  await writer.start({ profile: '', library: '' })
  await fill(writer)
  await writer.end()
  return Buffer.concat(written)
}

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
