import { POINT_SPACING, type RoutePoint } from './route.ts'

export const CRUISING_SPEED = 14
const LATERAL_ACCELERATION = 3
const DECELERATION = 2.5

/** The speed at each point of the round trip (m/s): right for its curve, and low enough to brake for the next point. */
export function planSpeeds (route: RoutePoint[]): number[] {
  const speeds = route.map(({ curvature }) =>
    Math.min(CRUISING_SPEED, Math.sqrt(LATERAL_ACCELERATION / Math.abs(curvature)))
  )
  // Backwards, and twice around: the end of the lap must brake for its start.
  for (let i = 2 * route.length - 1; i >= 0; i--) {
    const here = i % route.length
    const next = speeds[(i + 1) % route.length]!
    speeds[here] = Math.min(speeds[here]!, Math.sqrt(next ** 2 + 2 * DECELERATION * POINT_SPACING))
  }
  return speeds
}
