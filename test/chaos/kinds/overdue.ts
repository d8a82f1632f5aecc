import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

/** Runs until its deadline, and then ends within its grace period. */
export const overdue = kind('overdue', 2, (random) => script([
  { do: 'many', folder: 'early', count: random.integer(0, 10), largest: 5000, seed: contentSeed(random) },
  { do: 'grow', name: 'growing.log', size: random.integer(1, 5000), seed: contentSeed(random), pause: 0.3 }
], {
  last: [{ do: 'write', name: 'last.bin', size: random.integer(0, 5000), seed: contentSeed(random) }]
}), { template: 'chaos-overdue', ends: 'deadline' })
