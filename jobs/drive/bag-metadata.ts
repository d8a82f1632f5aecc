import type { Recorded } from './create-recording.ts'

/**
 * The `metadata.yaml` with which rosbag2 describes a bag, its folder: version 5, which ROS 2 Humble writes and newer
 * ones read (github.com/ros2/rosbag2, rosbag2_storage). JSON is YAML, too.
 */
export function bagMetadata (file: string, { start, duration, topics }: Recorded): string {
  const count = topics.reduce((sum, { messages }) => sum + messages, 0)
  const times = {
    duration: { nanoseconds: Number(duration) },
    starting_time: { nanoseconds_since_epoch: Number(start) }
  }
  const metadata = {
    version: 5,
    storage_identifier: 'mcap',
    ...times,
    message_count: count,
    topics_with_message_count: topics.map(({ topic, type, messages }) => ({
      topic_metadata: { name: topic, type, serialization_format: 'cdr', offered_qos_profiles: '' },
      message_count: messages
    })),
    compression_format: '',
    compression_mode: '',
    relative_file_paths: [file],
    files: [{ path: file, ...times, message_count: count }]
  }
  return JSON.stringify({ rosbag2_bagfile_information: metadata }, undefined, 2) + '\n'
}
