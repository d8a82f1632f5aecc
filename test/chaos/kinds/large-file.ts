import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

const MIB = 2 ** 20

/** Below and above the size from which files go in parts. An uploader that is killed leaves parts. */
export const largeFile = kind('one large file', 3, (random) => script([
  { do: 'write', name: 'large.bin', size: random.integer(10 * MIB, 60 * MIB), seed: contentSeed(random) },
  { do: 'wait', seconds: random.pick([0, 0, 5]) }
]), { uploaderKills: 0.5 })
