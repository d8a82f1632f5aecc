import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

export const manySmallFiles = kind('many small files', 4, (random) => script([
  { do: 'many', folder: 'small', count: random.integer(15, 70), largest: 6000, seed: contentSeed(random) }
]))
