/** Metres and radians: x east, y north, heading and curvature (1/m) positive to the left. */
export interface RoutePoint {
  x: number
  y: number
  heading: number
  curvature: number
}

export const POINT_SPACING = 0.25

// The turns add up to 180 degrees, so two half laps end exactly at the start.
const HALF_LAP: [length: number, turnDegrees: number][] = [[16, 0], [24, 90], [20, -60], [34, 150]]

/** A round trip with one point every POINT_SPACING metres. */
export function planRoute (): RoutePoint[] {
  const points: RoutePoint[] = []
  let x = 0
  let y = 0
  let entry = 0
  for (const [length, turnDegrees] of [...HALF_LAP, ...HALF_LAP]) {
    const turn = turnDegrees * Math.PI / 180
    for (let s = 0; s < length; s += POINT_SPACING) {
      // The curvature rises and falls as sin², because the angle of front wheels cannot jump.
      const phase = 2 * Math.PI * s / length
      const heading = entry + turn * (phase - Math.sin(phase)) / (2 * Math.PI)
      points.push({ x, y, heading, curvature: turn / length * (1 - Math.cos(phase)) })
      x += POINT_SPACING * Math.cos(heading)
      y += POINT_SPACING * Math.sin(heading)
    }
    entry += turn
  }
  return points
}
