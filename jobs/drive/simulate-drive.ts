import { createHash } from 'node:crypto'
import { planSpeeds } from './plan-speeds.ts'
import { POINT_SPACING, type RoutePoint } from './route.ts'

/** One sample of the vehicle. Metres, seconds and radians; x and y are the middle of the rear axle. */
export interface DriveState {
  step: number
  time: number
  x: number
  y: number
  /** not wrapped: grows by 2π per lap */
  heading: number
  speed: number
  /** radians per second, positive to the left */
  yawRate: number
  /** front wheels, positive to the left */
  steering: number
  distance: number
  /** distance from the route, positive to its left */
  lateralError: number
}

export const STEPS_PER_SECOND = 50

const DT = 1 / STEPS_PER_SECOND
// Roughly a compact car, driven calmly.
const WHEELBASE = 2.7
const STEERING_LIMIT = 0.6
const STEERING_RATE = 0.8
const THROTTLE_LIMIT = 3
const BRAKE_LIMIT = 4
const REACTION_TIME = 0.4

/**
 * A kinematic bicycle model that follows a round trip by pure pursuit. It starts from standstill, a little beside the
 * route. The samples are at t = 0, 0.02, 0.04 … s. The first sample is the start; the last one is one step before
 * `steps` / 50 s.
 */
export function * simulateDrive (route: RoutePoint[], steps: number, seed: number): Generator<DriveState> {
  const speeds = planSpeeds(route)
  const start = startOffset(seed)
  let { x, y, heading } = route[0]!
  x -= start.left * Math.sin(heading)
  y += start.left * Math.cos(heading)
  heading += start.turn
  let speed = 0
  let steering = 0
  let distance = 0
  let passed = 0

  for (let step = 0; step < steps; step++) {
    while (seenFrom(at(route, passed + 1), x, y).ahead >= 0) passed++
    const lateralError = seenFrom(at(route, passed), x, y).left
    const yawRate = speed * Math.tan(steering) / WHEELBASE
    yield { step, time: step / STEPS_PER_SECOND, x, y, heading, speed, yawRate, steering, distance, lateralError }

    const lookahead = 3 + 0.35 * speed
    const goal = at(route, passed + lookahead / POINT_SPACING)
    const bearing = Math.atan2(goal.y - y, goal.x - x) - heading
    const wanted = Math.atan2(2 * WHEELBASE * Math.sin(bearing), Math.hypot(goal.y - y, goal.x - x))
    const reachable = limit(wanted, steering - STEERING_RATE * DT, steering + STEERING_RATE * DT)
    steering = limit(reachable, -STEERING_LIMIT, STEERING_LIMIT)

    const targetSpeed = at(speeds, passed + speed * REACTION_TIME / POINT_SPACING)
    const acceleration = limit((targetSpeed - speed) / REACTION_TIME, -BRAKE_LIMIT, THROTTLE_LIMIT)
    const travel = (speed + acceleration * DT / 2) * DT
    const turn = travel * Math.tan(steering) / WHEELBASE
    x += travel * Math.cos(heading + turn / 2)
    y += travel * Math.sin(heading + turn / 2)
    heading += turn
    distance += travel
    speed += acceleration * DT
  }
}

/** Up to 0.6 m beside the route and 0.1 rad off its heading. */
function startOffset (seed: number) {
  const random = createHash('sha256').update(String(seed)).digest()
  return { left: 0.6 * random.readInt32BE(0) / 2 ** 31, turn: 0.1 * random.readInt32BE(4) / 2 ** 31 }
}

function seenFrom (point: RoutePoint, x: number, y: number) {
  const [east, north, cos, sin] = [x - point.x, y - point.y, Math.cos(point.heading), Math.sin(point.heading)]
  return { ahead: cos * east + sin * north, left: cos * north - sin * east }
}

function at<T> (roundTrip: T[], index: number): T {
  return roundTrip[Math.round(index) % roundTrip.length]!
}

function limit (value: number, lowest: number, highest: number) {
  return Math.min(Math.max(value, lowest), highest)
}
