import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

/** Where root runs the tests, it can read the file, and then it is a result. */
export const unreadableFile = kind('unreadable file', 1, (random) => script([
  { do: 'write', name: 'open.bin', size: random.integer(0, 9000), seed: contentSeed(random) },
  { do: 'write', name: 'closed.bin', size: random.integer(0, 9000), seed: contentSeed(random) },
  { do: 'mode', name: 'closed.bin', mode: 0 }
]))
