import t from 'tap'
import { CRUISING_SPEED, planSpeeds } from '../../../jobs/drive/plan-speeds.ts'
import { planRoute, POINT_SPACING } from '../../../jobs/drive/route.ts'
import { simulateDrive, STEPS_PER_SECOND } from '../../../jobs/drive/simulate-drive.ts'

const route = planRoute()
const tenMinutes = 600 * STEPS_PER_SECOND
const seeds = [0, 1, 2, 3, 1234567]

await t.test('the route is one round trip without gaps or corners', async (t) => {
  const [first, last] = [route[0]!, route.at(-1)!]
  route.forEach((here, i) => {
    const next = route[(i + 1) % route.length]!
    const gap = Math.hypot(next.x - here.x, next.y - here.y)
    if (Math.abs(gap - POINT_SPACING) > 1e-9) t.fail(`${gap} m from point ${i} to the next`)
    if (Math.abs(next.curvature - here.curvature) > 0.01) t.fail(`a corner at point ${i}`)
  })
  const turned = last.heading + last.curvature * POINT_SPACING - first.heading
  t.ok(Math.abs(turned - 2 * Math.PI) < 1e-2, 'it turns once')
})

await t.test('the planned speeds allow braking from one point to the next', async (t) => {
  const speeds = planSpeeds(route)
  const brakings = speeds.map((speed, i) => (speed ** 2 - speeds[(i + 1) % speeds.length]! ** 2) / (2 * POINT_SPACING))
  t.ok(Math.max(...brakings) < 3, 'the braking is below 3 m/s²')
  t.ok(Math.min(...speeds) > 2, 'the vehicle never stops')
})

for (const seed of seeds) {
  await t.test(`ten minutes with seed ${seed} stay on the road and within the limits of the vehicle`, async (t) => {
    const states = [...simulateDrive(route, tenMinutes, seed)]
    t.equal(states.length, tenMinutes)
    t.ok(states.every(({ lateralError }) => Math.abs(lateralError) < 0.75), 'never more than 0.75 m beside the route')
    t.ok(states.every(({ speed }) => speed >= 0 && speed <= CRUISING_SPEED), 'never backwards or too fast')
    t.ok(states.every(({ steering }) => Math.abs(steering) <= 0.6), 'the wheels stay within the steering limit')
  })
}

await t.test('fifty states a second, the first at 0 s', async (t) => {
  const states = [...simulateDrive(route, 3 * STEPS_PER_SECOND, 0)]
  t.same(states.map(({ time }) => time), Array.from({ length: 150 }, (_, i) => i / 50))
  t.match(states[0], { speed: 0, steering: 0, distance: 0 })
})

await t.test('position, heading and distance follow from speed and steering', async (t) => {
  const states = [...simulateDrive(route, tenMinutes, 0)]
  states.slice(1).forEach((state, i) => {
    const before = states[i]!
    const travelled = Math.hypot(state.x - before.x, state.y - before.y)
    const wanted = (state.speed + before.speed) / 2 / STEPS_PER_SECOND
    if (Math.abs(travelled - wanted) > 1e-6) {
      t.fail(`moved ${travelled} m instead of ${wanted} m before ${state.time} s`)
    }
    if (Math.abs(state.distance - before.distance - wanted) > 1e-9) {
      t.fail(`counted ${state.distance - before.distance} m before ${state.time} s`)
    }
    const turned = wanted * Math.tan(state.steering) / 2.7
    if (Math.abs(state.heading - before.heading - turned) > 1e-9) t.fail(`turned by another angle before ${state.time} s`)
  })
  t.ok(states.at(-1)!.distance > 3000, 'the vehicle moves forward')
})

await t.test('the same seed gives the same states, another seed another start', async (t) => {
  const drive = (seed: number) => [...simulateDrive(route, 500, seed)]
  t.same(drive(7), drive(7))
  t.equal(new Set(seeds.map((seed) => drive(seed)[0]!.y)).size, seeds.length)
})
