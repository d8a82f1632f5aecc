import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

export const failing = kind('failing', 2, (random) => script([
  { do: 'many', folder: 'so-far', count: random.integer(0, 15), largest: 9000, seed: contentSeed(random) },
  { do: 'wait', seconds: random.pick([0, 0.5, 4]) }
], { exit: random.integer(1, 100) }))
