import { script } from '../script.ts'
import { kind } from './kind.ts'

export const emptyFolder = kind('no files', 1, (random) => script(
  random.pick([[], [{ do: 'folder', name: 'nothing/inside' }], [{ do: 'wait', seconds: 1 }]])
))
