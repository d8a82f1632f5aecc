import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

/** Ignores SIGTERM and writes on, until the end of the grace period kills it. */
export const canceledInVain = kind('canceled in vain', 1, (random) => script([
  { do: 'many', folder: 'early', count: random.integer(0, 10), largest: 5000, seed: contentSeed(random) },
  { do: 'grow', name: 'growing.log', size: random.integer(1, 5000), seed: contentSeed(random), pause: 0.2 }
], { on_sigterm: 'ignore' }), { template: 'chaos-stubborn', ends: 'cancel' })
