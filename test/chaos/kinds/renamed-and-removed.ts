import { script } from '../script.ts'
import { contentSeed, kind, SETTLED_SECONDS } from './kind.ts'

/** Files get other names, other content or disappear, after they were uploaded. */
export const renamedAndRemoved = kind('renamed and removed', 3, (random) => {
  const written = (name: string) => ({
    do: 'write' as const,
    name,
    size: random.integer(0, 90_000),
    seed: contentSeed(random)
  })
  return script([
    ...['stays.bin', 'renamed.bin', 'removed.bin', 'replaced.bin', 'folder/inside.bin', 'gone/a.bin', 'gone/b.bin']
      .map(written),
    { do: 'wait', seconds: random.pick([0.5, SETTLED_SECONDS, SETTLED_SECONDS]) },
    { do: 'rename', name: 'renamed.bin', to: 'new name.bin' },
    { do: 'remove', name: 'removed.bin' },
    { do: 'rename', name: 'folder', to: 'moved folder' },
    { do: 'remove', name: 'gone' },
    written('aside.part'),
    { do: 'rename', name: 'aside.part', to: 'replaced.bin' },
    { do: 'wait', seconds: random.pick([0, 1]) }
  ])
})
