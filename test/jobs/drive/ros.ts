import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { pythonWith } from '../../support/python-with.ts'

// Readers that share no code with the writer.
const python = join(pythonWith('ros', ['rosbags==0.11.9', 'mcap-ros2-support==0.6.0']), 'python')

const folder = t.testdir()
execFileSync(process.execPath, ['jobs/drive/main.ts'], {
  env: { DURATION: '4', REAL_TIME_FACTOR: '0', SEED: '3', RESULT_DIR: folder }
})

/** What a Python script prints as JSON. */
function read (script: string): any {
  const { stdout, stderr } = spawnSync(python, ['-c', script, folder], { encoding: 'utf8' })
  if (stderr !== '') t.comment(stderr)
  return JSON.parse(stdout)
}

await t.test('rosbags reads the folder as a bag of standard messages', async (t) => {
  const { connections, duration, start, types, messages, last } = read(`
import json, sys
from pathlib import Path
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore
types = get_typestore(Stores.ROS2_HUMBLE)
with AnyReader([Path(sys.argv[1])]) as bag:
  messages = [(c.topic, t, bag.deserialize(raw, c.msgtype)) for c, t, raw in bag.messages()]
  last = messages[-3][2]
  print(json.dumps({
    'connections': [[c.topic, c.msgtype, c.msgcount] for c in bag.connections],
    'duration': bag.duration, 'start': bag.start_time,
    'types': all(bag.typestore.fielddefs[name] == types.fielddefs[name] for name in bag.typestore.fielddefs if name in types.fielddefs),
    'messages': [[topic, time] for topic, time, _ in messages],
    'last': [last.header.stamp.sec, last.header.stamp.nanosec, last.header.frame_id, last.child_frame_id,
      last.pose.pose.position.x, last.twist.twist.linear.x, len(last.pose.covariance), len(last.twist.covariance)],
  }))`)
  t.same(connections, [
    ['/odom', 'nav_msgs/msg/Odometry', 200],
    ['/pose', 'geometry_msgs/msg/PoseStamped', 200],
    ['/steering', 'std_msgs/msg/Float64', 200]
  ])
  t.equal(types, true, 'the definitions are those of ROS 2')
  t.equal(start, Date.UTC(2000, 0, 1) * 1e6)
  t.ok(Math.abs(duration - 3.98e9) <= 1, 'from the first message to the last, one step before the end')
  t.equal(messages.length, 600)
  const [sec, nanosec, frame, child, x, speed, ...covariances] = last
  t.same([sec, nanosec, frame, child, covariances], [946_684_803, 980_000_000, 'odom', 'base_link', [36, 36]])
  t.ok(x > 1 && speed > 1, `the vehicle drives: ${x} m, ${speed} m/s`)
})

await t.test('mcap-ros2-support reads the recording by itself', async (t) => {
  const { topics, norm, turned } = read(`
import json, sys
from mcap_ros2.reader import read_ros2_messages
seen = list(read_ros2_messages(sys.argv[1] + '/drive.mcap'))
poses = [m.ros_msg.pose.orientation for m in seen if m.channel.topic == '/pose']
odometry = [m.ros_msg for m in seen if m.channel.topic == '/odom']
print(json.dumps({
  'topics': sorted({m.channel.topic for m in seen}),
  'norm': max(abs(q.x ** 2 + q.y ** 2 + q.z ** 2 + q.w ** 2 - 1) for q in poses),
  'turned': max(abs(o.twist.twist.angular.z) for o in odometry),
}))`)
  t.same(topics, ['/odom', '/pose', '/steering'])
  t.ok(norm < 1e-12, 'orientations are unit quaternions')
  t.ok(turned > 0 && turned < 1, `${turned} rad/s`)
})
