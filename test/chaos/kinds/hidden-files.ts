import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

/** Names with a dot at the beginning: of finished files, and of files that are renamed when they are finished. */
export const hiddenFiles = kind('hidden files', 2, (random) => {
  const written = (name: string) => ({
    do: 'write' as const,
    name,
    size: random.integer(0, 30_000),
    seed: contentSeed(random)
  })
  return script([
    ...['.settings', '.hidden/inside.bin', 'folder/.inside', '.hidden/.deep/x', 'seen.bin'].map(written),
    written('.half'),
    { do: 'wait', seconds: random.between(0, 1) },
    { do: 'rename', name: '.half', to: 'whole.bin' }
  ])
})
