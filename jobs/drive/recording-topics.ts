import type { DriveState } from './simulate-drive.ts'

/** Of poses and speeds: the simulation knows them exactly. */
const covariance = new Float64Array(36)

/** The topics of the recording, and a message of each for a state. Units and frames are those of REP 103 and 105. */
export const recordingTopics = [
  {
    topic: '/odom',
    type: 'nav_msgs/Odometry',
    message: (stamp: Stamp, state: DriveState) => ({
      header: { stamp, frame_id: 'odom' },
      child_frame_id: 'base_link',
      pose: { pose: poseOf(state), covariance },
      twist: {
        twist: {
          linear: { x: state.speed, y: 0, z: 0 },
          angular: { x: 0, y: 0, z: state.yawRate }
        },
        covariance
      }
    })
  },
  {
    topic: '/pose',
    type: 'geometry_msgs/PoseStamped',
    message: (stamp: Stamp, state: DriveState) => ({ header: { stamp, frame_id: 'odom' }, pose: poseOf(state) })
  },
  {
    // The angle of the front wheels in radians, positive to the left.
    topic: '/steering',
    type: 'std_msgs/Float64',
    message: (_stamp: Stamp, { steering }: DriveState) => ({ data: steering })
  }
]

export interface Stamp {
  sec: number
  nanosec: number
}

function poseOf ({ x, y, heading }: DriveState) {
  return {
    position: { x, y, z: 0 },
    orientation: { x: 0, y: 0, z: Math.sin(heading / 2), w: Math.cos(heading / 2) }
  }
}
