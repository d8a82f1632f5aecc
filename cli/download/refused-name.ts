import { PARTS_FOLDER } from './part-file.ts'
import { wrongName } from '../../shared/results/wrong-name.ts'

const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])$/i
/** Windows takes a colon for a drive or a stream of a file, and cannot have the others. */
const NOT_ON_WINDOWS = /[<>:"|?*]/

/**
 * Why a result file must not get its own name here, or `undefined`. A server, or a job, may name a file so that it
 * would land in another folder, or be a device. Names that only Windows takes for another file are refused everywhere,
 * because folders travel; characters that only Windows cannot have are refused only there.
 */
export function refusedName (name: string, platform: NodeJS.Platform = process.platform): string | undefined {
  const wrong = wrongName(name)
  if (wrong !== undefined) return wrong
  if (name.split('/')[0]!.toLowerCase() === PARTS_FOLDER) return `must not be in ${PARTS_FOLDER}, where unfinished downloads are`
  if (/^[A-Za-z]:/.test(name)) return 'must not begin with a drive'
  for (const part of name.split('/')) {
    if (/[. ]$/.test(part)) return 'must not have a part that ends with a dot or a space'
    if (DEVICE.test(part.split('.')[0]!.trimEnd())) return 'must not have a part that is the name of a device'
    if (platform === 'win32' && NOT_ON_WINDOWS.test(part)) return 'has characters that Windows cannot have in a name'
  }
  return undefined
}
