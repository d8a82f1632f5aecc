/** Where something is, in metres. */
export interface Position {
  x: number
  y: number
}

/** The bytes before a pose, after the header, of the message types that have one. */
const STRINGS_BEFORE: Record<string, number> = {
  'geometry_msgs/msg/PoseStamped': 0,
  'geometry_msgs/msg/PoseWithCovarianceStamped': 0,
  'nav_msgs/msg/Odometry': 1
}

export function hasPosition (type: string): boolean {
  return type in STRINGS_BEFORE
}

/**
 * The position in a message of ROS 2, in CDR: a header (two times, the name of the frame), for odometry the name of a
 * second frame, then the pose, which begins with x and y. `undefined` if the bytes end before.
 */
export function positionOf (type: string, data: Uint8Array): Position | undefined {
  // The first four bytes say how the rest is encoded; the second of them is odd for little-endian.
  const HEAD = 4
  const isLittle = (data[1]! & 1) === 1
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let at = HEAD + 8
  for (let strings = 0; strings <= STRINGS_BEFORE[type]!; strings++) {
    at = HEAD + aligned(at - HEAD, 4)
    if (at + 4 > data.length) return undefined
    at += 4 + view.getUint32(at, isLittle)
  }
  at = HEAD + aligned(at - HEAD, 8)
  if (at + 16 > data.length) return undefined
  return { x: view.getFloat64(at, isLittle), y: view.getFloat64(at + 8, isLittle) }
}

function aligned (offset: number, to: number): number {
  return Math.ceil(offset / to) * to
}
