import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

/** The first attempt fails and leaves files. Only those of the second attempt are results. */
export const secondTry = kind('second try', 1, (random) => script([
  { do: 'many', folder: 'both', count: random.integer(1, 10), largest: 5000, seed: contentSeed(random) },
  { do: 'fail first', code: 7 },
  { do: 'write', name: 'second.bin', size: random.integer(0, 5000), seed: contentSeed(random) }
]), { template: 'chaos-twice' })
