import { POINT_SPACING, type RoutePoint } from './route.ts'

export const CRUISING_SPEED = 14
const LATERAL_ACCELERATION = 3
const DECELERATION = 2.5

/**
 * The speed to hold at each point of the round trip (m/s): what its curve allows, and low enough to brake in time for
 * the next.
 */
export function planSpeeds (route: RoutePoint[]): number[] {
  const speeds = route.map(({ curvature }) =>
    Math.min(CRUISING_SPEED, Math.sqrt(LATERAL_ACCELERATION / Math.abs(curvature)))
  )
  // Backwards, and twice round: the end of the lap has to brake for its beginning.
  for (let i = 2 * route.length - 1; i >= 0; i--) {
    const here = i % route.length
    const next = speeds[(i + 1) % route.length]!
    speeds[here] = Math.min(speeds[here]!, Math.sqrt(next ** 2 + 2 * DECELERATION * POINT_SPACING))
  }
  return speeds
}
