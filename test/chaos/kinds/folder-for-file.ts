import { script } from '../script.ts'
import { contentSeed, kind, SETTLED_SECONDS } from './kind.ts'

/** A folder takes the name of a file that was uploaded, and a file the name of a folder. */
export const folderForFile = kind('folder for file', 2, (random) => {
  const written = (name: string) => ({
    do: 'write' as const,
    name,
    size: random.integer(1, 20_000),
    seed: contentSeed(random)
  })
  return script([
    written('turns-into-folder'),
    written('turns-into-file/inside.bin'),
    written('turns-into-file/deep/inside.bin'),
    { do: 'wait', seconds: random.pick([0.5, SETTLED_SECONDS, SETTLED_SECONDS]) },
    { do: 'remove', name: 'turns-into-folder' },
    written('turns-into-folder/inside.bin'),
    { do: 'remove', name: 'turns-into-file' },
    written('turns-into-file')
  ])
})
