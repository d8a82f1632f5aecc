import { seeded } from './seeded.ts'

/**
 * What a proxy does with a request:
 * - refuse: answers 503 without passing it on
 * - reset: breaks the connection before it passes anything on
 * - cut the request: breaks both connections after half of the body
 * - swallow: reads all of it, passes nothing on and closes the connection without an answer
 * - close unanswered: passes it on and closes the connection without an answer
 * - lose the answer: passes it on and breaks the connection instead of an answer
 * - cut the headers, cut the answer: breaks the connection within them
 * - delay, hold: passes it on after some time
 */
export const faults = [
  'refuse',
  'reset',
  'cut the request',
  'swallow',
  'close unanswered',
  'lose the answer',
  'cut the headers',
  'cut the answer',
  'delay',
  'hold'
] as const
export type Fault = typeof faults[number]

export interface Fate {
  fault: Fault | 'pass'
  /** The duration of a delay or a hold. */
  ms: number
}

/** The probability of each fault. */
export type FaultRates = Record<Fault, number>

export const PASS: Fate = { fault: 'pass', ms: 0 }

/** How bad a proxy is: three to nine of a hundred requests have a fault. Some faults are more likely than others. */
export function faultRates (seed: string, proxy: string): FaultRates {
  const random = seeded(seed, 'rates', proxy)
  const total = random.between(0.03, 0.09)
  const shares = faults.map((fault) => random.between(0.2, 1) * (fault === 'hold' ? 0.3 : 1))
  const sum = shares.reduce((one, other) => one + other, 0)
  return Object.fromEntries(faults.map((fault, at) => [fault, total * shares[at]! / sum])) as FaultRates
}

/** Requests whose order matters. Some of them arrive so late that other ones overtake them. */
const RACING = ['PUT state', 'PUT idempotency']
const RACING_DELAYS = 0.12

/**
 * The fate of the request with this number among those of its kind at its proxy. It follows from its arguments alone,
 * so it does not depend on the order in which requests of different kinds arrive.
 */
export function fateOf (
  seed: string,
  proxy: string,
  kind: string,
  number: number,
  rates: FaultRates
): Fate {
  const random = seeded(seed, 'fate', proxy, kind, number)
  if (RACING.includes(kind) && random.chance(RACING_DELAYS)) return { fault: 'delay', ms: random.integer(100, 3000) }
  let left = random.next()
  for (const fault of faults) {
    left -= rates[fault]
    if (left >= 0) continue
    const ms = fault === 'delay' ? random.integer(20, 500) : fault === 'hold' ? random.integer(1000, 12_000) : 0
    return { fault, ms }
  }
  return PASS
}
