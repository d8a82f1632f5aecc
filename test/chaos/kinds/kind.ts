import type { ChaosTemplate } from '../chaos-templates.ts'
import type { Script } from '../script.ts'
import type { Random } from '../seeded.ts'

/** One way for a workload to behave. */
export interface Kind {
  name: string
  /** How many of a deck of jobs are of this kind. */
  share: number
  template: ChaosTemplate
  /** What ends the workload, unless something else does so earlier. */
  ends: 'itself' | 'deadline' | 'cancel'
  /** The probability that its uploader is killed. */
  uploaderKills: number
  script: (random: Random) => Script
}

/** A kind of workload that ends by itself. */
export function kind (
  name: string,
  share: number,
  write: Kind['script'],
  changes: Partial<Kind> = {}
): Kind {
  return { name, share, template: 'chaos', ends: 'itself', uploaderKills: 0.15, script: write, ...changes }
}

/** Longer than a file must stay unchanged before the uploader considers it as finished. */
export const SETTLED_SECONDS = 4.5

/** A seed for the content of a file. */
export function contentSeed (random: Random): string {
  return String(random.integer(0, 2 ** 40))
}
