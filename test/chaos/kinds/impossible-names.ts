import { encodeName } from '../encode-name.ts'
import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

const NAMES = [
  encodeName('line\nbreak.txt'),
  encodeName('tab\tulator.txt'),
  encodeName('back\\slash.txt'),
  encodeName(`${`${'a'.repeat(200)}/`.repeat(5)}too-long.txt`),
  'no-utf-8-%FF%FE.txt',
  'folder-%C3/inside.txt'
]

/** Among good files there are some whose names cannot be those of results. */
export const impossibleNames = kind('impossible names', 2, (random) => script(
  random.shuffled([
    ...['good.bin', 'also/good.bin'],
    ...random.shuffled(NAMES).slice(0, random.integer(1, 3))
  ]).map((name) => ({ do: 'write', name, size: random.integer(0, 3000), seed: contentSeed(random) }))
))
