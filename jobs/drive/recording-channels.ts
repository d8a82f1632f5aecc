import { Type } from 'typebox'
import type { DriveState } from './simulate-drive.ts'

const Timestamp = Type.Object({
  sec: Type.Integer({ minimum: 0 }),
  nsec: Type.Integer({ minimum: 0, maximum: 999999999 })
})
const Vector3 = Type.Object({ x: Type.Number(), y: Type.Number(), z: Type.Number() })
const Quaternion = Type.Object({ x: Type.Number(), y: Type.Number(), z: Type.Number(), w: Type.Number() })

/**
 * The channels of the recording. Foxglove recognizes its own schemas by their name:
 * https://docs.foxglove.dev/docs/sdk/schemas
 */
export const recordingChannels = [
  {
    topic: '/pose',
    schemaName: 'foxglove.PoseInFrame',
    schema: Type.Object({
      timestamp: Timestamp,
      frame_id: Type.String(),
      pose: Type.Object({ position: Vector3, orientation: Quaternion })
    }),
    content: ({ x, y, heading }: DriveState) => ({
      frame_id: 'map',
      pose: {
        position: { x, y, z: 0 },
        orientation: { x: 0, y: 0, z: Math.sin(heading / 2), w: Math.cos(heading / 2) }
      }
    })
  },
  {
    topic: '/speed',
    schemaName: 'gx4ki.Speed',
    schema: Type.Object({ timestamp: Timestamp, speed_mps: Type.Number() }),
    content: ({ speed }: DriveState) => ({ speed_mps: speed })
  },
  {
    topic: '/steering',
    schemaName: 'gx4ki.Steering',
    schema: Type.Object({
      timestamp: Timestamp,
      angle_rad: Type.Number({ description: 'Front wheels, positive to the left' })
    }),
    content: ({ steering }: DriveState) => ({ angle_rad: steering })
  }
]
