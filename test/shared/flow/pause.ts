import t from 'tap'
import { pause } from '../../../shared/flow/pause.ts'
import { pulse } from '../../../shared/flow/pulse.ts'

const LONG = 60_000

await t.test('a pause ends with the time, a beat or the signal, and leaves nothing behind', async (t) => {
  const one = pulse()
  const other = pulse()
  const stop = new AbortController()
  // The timers have no reference.
  const alive = setInterval(() => {}, 1000)
  await pause(1, stop.signal, one)
  const beaten = Promise.all([pause(LONG, stop.signal, one, other), pause(LONG, stop.signal, other)])
  other.beat()
  await beaten
  let woken = 0
  const leave = one.subscribe(() => woken++)
  one.beat()
  leave()
  one.beat()
  t.equal(woken, 1)
  const stopped = pause(LONG, stop.signal, one)
  stop.abort()
  await stopped
  await pause(LONG, stop.signal)
  clearInterval(alive)
})
