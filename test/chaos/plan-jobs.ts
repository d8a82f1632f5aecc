import { allKinds } from './kinds/all-kinds.ts'
import type { Kind } from './kinds/kind.ts'
import { type Script, secondsOf } from './script.ts'
import { type Random, seeded } from './seeded.ts'

export const functionNames = ['deploy', 'job-completed', 'job-watch', 'result-fetch', 'result-upload'] as const
export type FunctionName = typeof functionNames[number]

/** Something that happens once, `after` ms from the request for the job or from the start of its workload. */
export type Disturbance =
  & { after: number }
  & (
    | { since: 'asked', what: 'kill function', name: FunctionName }
    | { since: 'asked', what: 'outage', of: 'store' | 'kubernetes' | 'uploads', ms: number }
    | { since: 'asked', what: 'no events', ms: number }
    | { since: 'started', what: 'kill uploader' | 'kill workload' | 'cancel' }
  )

export interface PlannedJob {
  /** The same in every run of the seed, unlike the id. */
  name: string
  kind: Kind['name']
  template: Kind['template']
  ends: Kind['ends']
  script: Script
  /** How many clients ask for it at the same time, with one idempotency key. */
  clients: number
  /** The states that the webhook is told of, if the job has one. */
  callback?: string[]
  disturbances: Disturbance[]
}

/** The jobs of a seed in the order of their requests. The first jobs are the same, whatever the count is. */
export function * planJobs (seed: string, count: number): Generator<PlannedJob> {
  const deck = dealKinds(seed)
  for (let number = 1; number <= count; number++) {
    const name = `job-${String(number).padStart(4, '0')}`
    yield planJob(name, deck.next().value!, seeded(seed, name))
  }
}

/** Deals deck after deck, so that a small number of jobs has all kinds as well. */
function * dealKinds (seed: string): Generator<Kind, undefined> {
  for (let round = 0; ; round++) {
    yield * seeded(seed, 'deck', round).shuffled(allKinds.flatMap((one) => Array<Kind>(one.share).fill(one)))
  }
}

function planJob (name: string, chosen: Kind, random: Random): PlannedJob {
  const { name: kind, template, ends, uploaderKills } = chosen
  const script = chosen.script(random)
  return {
    name,
    kind,
    template,
    ends,
    script,
    clients: random.chance(0.25) ? random.integer(2, 3) : 1,
    ...(random.chance(0.4) && { callback: statesToTell(random) }),
    disturbances: [...disturbances(script, uploaderKills, random), ...cancels(ends, script, random)]
  }
}

const ENDS = ['succeeded', 'failed', 'canceled', 'lost']

function statesToTell (random: Random): string[] {
  return random.chance(0.5) ? ENDS : ['running', ...ENDS]
}

function cancels (ends: Kind['ends'], script: Script, random: Random): Disturbance[] {
  if (ends !== 'cancel' && !random.chance(0.05)) return []
  return [{ since: 'started', what: 'cancel', after: Math.round(1000 * random.between(0.1, lasting(script))) }]
}

function disturbances (script: Script, uploaderKills: number, random: Random): Disturbance[] {
  const all: Disturbance[] = []
  const soon = (): number => random.integer(0, 6000)
  // Also a while after its end, when the uploader still works.
  const meanwhile = (): number => Math.round(1000 * random.between(0, lasting(script) + 1.5))
  if (random.chance(0.3)) {
    all.push({ since: 'asked', what: 'kill function', name: random.pick(functionNames), after: soon() })
  }
  if (random.chance(0.08)) {
    const of = random.pick(['store', 'kubernetes', 'uploads'] as const)
    all.push({ since: 'asked', what: 'outage', of, ms: random.integer(500, 4000), after: soon() })
  }
  if (random.chance(0.05)) {
    all.push({ since: 'asked', what: 'no events', ms: random.integer(500, 5000), after: soon() })
  }
  if (random.chance(uploaderKills)) all.push({ since: 'started', what: 'kill uploader', after: meanwhile() })
  if (random.chance(0.05)) all.push({ since: 'started', what: 'kill workload', after: meanwhile() })
  return all
}

/** The seconds of a script, where an endless one counts as a few. */
function lasting (script: Script): number {
  return Math.min(secondsOf(script), 5)
}
