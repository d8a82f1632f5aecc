import { script } from '../script.ts'
import { contentSeed, kind, SETTLED_SECONDS } from './kind.ts'

const PAGE = 4096

/** After the first pause the file looks finished. Later changes of its mapped pages do not change its times. */
export const mappedFile = kind('mapped file', 3, (random) => script([
  {
    do: 'map',
    name: 'mapped.db',
    // Small files are treated in another way.
    size: random.pick([random.integer(1, 16), random.integer(17, 200)]) * PAGE,
    seed: contentSeed(random),
    pauses: [
      SETTLED_SECONDS + random.between(0, 2),
      ...Array.from({ length: random.integer(1, 3) }, () => random.between(0.2, 1))
    ]
  }
]))
