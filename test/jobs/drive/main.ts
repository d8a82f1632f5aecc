import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parse } from '@foxglove/rosmsg'
import { MessageReader } from '@foxglove/rosmsg2-serialization'
import { McapIndexedReader } from '@mcap/core'
import t, { type Test } from 'tap'

const TOPICS = ['/odom', '/pose', '/steering']
const FILES = ['drive.mcap', 'metadata.yaml', 'route.svg', 'summary.json']
const PROGRESS = /^drive +\d+ % {2}t=\d+\.\d s {2}v=\d+\.\d m\/s {2}s=\d+ m$/

function start (t: Test, env: Record<string, string>) {
  const child = spawn(process.execPath, ['jobs/drive/main.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

async function run (t: Test, env: Record<string, string>) {
  const child = start(t, env)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { stdout, stderr, code }
}

async function readRecording (folder: string) {
  const bytes = readFileSync(join(folder, 'drive.mcap'))
  const reader = await McapIndexedReader.Initialize({
    readable: {
      size: async () => BigInt(bytes.length),
      read: async (offset, length) => bytes.subarray(Number(offset), Number(offset + length))
    }
  })
  const readers = new Map([...reader.channelsById].map(([id, { schemaId }]) => {
    const { data } = reader.schemasById.get(schemaId)!
    return [id, new MessageReader(parse(Buffer.from(data).toString(), { ros2: true }))] as const
  }))
  const messages = new Map<string, { logTime: bigint, content: any }[]>(TOPICS.map((topic) => [topic, []]))
  for await (const { channelId, logTime, data } of reader.readMessages({ validateCrcs: true })) {
    const content = readers.get(channelId)!.readMessage(data)
    messages.get(reader.channelsById.get(channelId)!.topic)!.push({ logTime, content })
  }
  return { reader, messages }
}

function readSummary (folder: string) {
  return JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'))
}

await t.test('a drive of six seconds', async (t) => {
  const folder = join(t.testdir(), 'not', 'there', 'yet')
  const { stdout, stderr, code } = await run(t, { DURATION: '6', REAL_TIME_FACTOR: '0', SEED: '3', RESULT_DIR: folder })
  t.equal(code, 0, stderr)
  t.equal(stderr, '')
  t.same(readdirSync(folder).sort(), ['.gx4ki-progress', ...FILES], 'no unfinished file is left')
  t.match(readFileSync(join(folder, '.gx4ki-progress'), 'utf8'), /^100 % driving, \d+ m\n$/)

  const lines = stdout.trimEnd().split('\n')
  t.ok(lines.every((line) => PROGRESS.test(line)), stdout)
  const percents = lines.map((line) => parseInt(line.slice('drive'.length)))
  t.strictSame(
    [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].filter((tenth) => !percents.includes(tenth)),
    [],
    'progress at every tenth'
  )

  const { reader, messages } = await readRecording(folder)

  await t.test('has 50 messages a second on each channel, from 0 s to one step before the end', async (t) => {
    t.same([...messages.keys()].sort(), TOPICS)
    for (const [topic, { length }] of messages) t.equal(length, 6 * 50, topic)
    t.equal(reader.statistics!.messageCount, 900n)
    for (const list of messages.values()) {
      const times = list.map(({ logTime }) => logTime)
      t.strictSame(times, times.map((_, i) => times[0]! + BigInt(i) * 20_000_000n), 'a step is 20 ms')
    }
    t.ok(reader.chunkIndexes.length > 0, 'the recording has an index of its chunks')
  })

  await t.test('has messages of ROS 2 with the time of the recording', async (t) => {
    t.equal(reader.header.profile, 'ros2')
    t.same([...reader.schemasById.values()].map(({ name, encoding }) => [name, encoding]), [
      ['nav_msgs/msg/Odometry', 'ros2msg'],
      ['geometry_msgs/msg/PoseStamped', 'ros2msg'],
      ['std_msgs/msg/Float64', 'ros2msg']
    ])
    t.ok([...reader.channelsById.values()].every(({ messageEncoding }) => messageEncoding === 'cdr'))
    for (const topic of ['/odom', '/pose']) {
      const wrong = messages.get(topic)!.filter(({ logTime, content: { header: { stamp } } }) =>
        BigInt(stamp.sec) * 1_000_000_000n + BigInt(stamp.nanosec) !== logTime
      )
      t.same(wrong, [], topic)
    }
  })

  await t.test('has a summary that agrees with the recording', async (t) => {
    const summary = readSummary(folder)
    t.match(summary, { complete: true, seed: 3, duration_s: 6, steps: 300, simulated_s: 6 })
    t.same(summary.messages, { '/odom': 300, '/pose': 300, '/steering': 300 })
    const speeds: number[] = messages.get('/odom')!.map(({ content }) =>
      content.twist.twist.linear.x
    )
    const path = messages.get('/pose')!.map(({ content }) => content.pose.position)
    const moves = path.slice(1).map(({ x, y }, i) => Math.hypot(x - path[i].x, y - path[i].y))
    t.ok(Math.abs(summary.distance_m - sum(moves)) < 0.01, `${summary.distance_m} m`)
    t.ok(Math.abs(summary.max_speed_mps - Math.max(...speeds)) < 0.001, `${summary.max_speed_mps} m/s`)
    t.ok(Math.abs(summary.mean_speed_mps - sum(speeds) / 300) < 0.001, `${summary.mean_speed_mps} m/s`)
    t.ok(summary.max_lateral_error_m > 0 && summary.max_lateral_error_m < 0.75, `${summary.max_lateral_error_m} m`)
  })

  await t.test('has a plot that is valid XML and shows every point', async (t) => {
    const svg = readFileSync(join(folder, 'route.svg'), 'utf8')
    const parsed = spawnSync('python3', [
      '-c',
      'import sys, xml.etree.ElementTree as tree; print(tree.parse(sys.stdin).getroot().tag)'
    ], { input: svg, encoding: 'utf8' })
    t.equal(parsed.stdout.trim(), '{http://www.w3.org/2000/svg}svg', parsed.stderr)
    const [x, y, width, height] = /viewBox="([^"]+)"/.exec(svg)![1]!.split(' ').map(Number) as [
      number,
      number,
      number,
      number
    ]
    const points = [...svg.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map(([, px, py]) =>
      [Number(px), Number(py)] as const
    )
    t.ok(points.length > 500, `${points.length} points`)
    t.same(points.filter(([px, py]) => px < x || px > x + width || py < y || py > y + height), [])
  })
})

await t.test('the same settings give the same bytes, another seed gives others', async (t) => {
  const dir = t.testdir()
  const hashes = []
  for (const [name, SEED] of [['a', '5'], ['b', '5'], ['c', '6']] as const) {
    const RESULT_DIR = join(dir, name)
    await run(t, { DURATION: '2', REAL_TIME_FACTOR: '0', SEED, RESULT_DIR })
    hashes.push(FILES.map((file) => sha256(join(RESULT_DIR, file))))
  }
  const [a, b, c] = hashes
  t.same(a, b)
  t.not(a![0], c![0])
})

await t.test('SIGTERM ends the drive early and leaves complete files', async (t) => {
  const folder = t.testdir()
  const child = start(t, { DURATION: '60', REAL_TIME_FACTOR: '30', RESULT_DIR: folder })
  const exited = once(child, 'exit')
  child.stdout.setEncoding('utf8').on('data', (lines) => {
    if (!lines.includes(' 50 %')) return
    t.ok(readdirSync(folder).every((name) => name.startsWith('.')), 'until then there are only dot-files')
    child.kill('SIGTERM')
  })
  t.same(await exited, [143, null])
  t.same(readdirSync(folder).sort(), ['.gx4ki-progress', ...FILES])
  const { messages } = await readRecording(folder)
  const { complete, duration_s: duration, steps, simulated_s: simulated, messages: counts } = readSummary(folder)
  t.equal(complete, false)
  t.equal(duration, 60)
  t.ok(steps >= 1500 && steps < 3000, `${steps} steps`)
  t.equal(simulated, steps / 50)
  for (const topic of TOPICS) {
    t.equal(messages.get(topic)!.length, steps)
    t.equal(counts[topic], steps)
  }
})

await t.test('SIGTERM is handled even without a pause between the steps', async (t) => {
  const folder = t.testdir()
  const child = start(t, { DURATION: '3600', REAL_TIME_FACTOR: '0', RESULT_DIR: folder })
  const exited = once(child, 'exit')
  child.stdout.once('data', () => child.kill('SIGTERM'))
  t.same(await exited, [143, null])
  t.equal(readSummary(folder).complete, false)
})

await t.test('a wrong setting is refused in one line, before a file is written', async (t) => {
  const folder = t.testdir()
  const { stdout, stderr, code } = await run(t, { DURATION: 'long\n', RESULT_DIR: folder })
  t.equal(stderr, 'drive: DURATION must be a whole number from 1 to 3600, but is "long\\n"\n')
  t.equal(stdout, '')
  t.equal(code, 2)
  t.same(readdirSync(folder), [])
})

await t.test('a result folder that cannot be made fails the job', async (t) => {
  const folder = t.testdir({ file: '' })
  const { stderr, code } = await run(t, { RESULT_DIR: join(folder, 'file') })
  t.match(stderr, /EEXIST/)
  t.equal(code, 1)
})

function sum (values: number[]) {
  return values.reduce((total, value) => total + value, 0)
}

function sha256 (path: string) {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
