import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

/** A link to a file of the results is that file. Other links, and what is no file at all, are left out. */
export const links = kind('links', 2, (random) => script([
  { do: 'write', name: 'run-7/data.bin', size: random.integer(1, 50_000), seed: contentSeed(random) },
  { do: 'link', name: 'latest.bin', to: 'run-7/data.bin' },
  { do: 'link', name: 'run-7/same.bin', to: 'data.bin' },
  ...random.shuffled([
    { do: 'link' as const, name: 'outside', to: '/etc/hostname' },
    { do: 'link' as const, name: 'nowhere', to: 'missing.bin' },
    { do: 'fifo' as const, name: 'pipe' }
  ]).slice(0, random.integer(0, 3))
]))
