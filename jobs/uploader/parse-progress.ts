import { printableWhole } from './printable.ts'
import { readableText } from './readable-text.ts'

export interface Reported {
  percent: number
  message: string | null
}

/** Characters, and not units of UTF-16: result-upload counts them in the same way. */
const LONGEST_MESSAGE = 200

/**
 * What the file of a workload says: its first line has a percentage, and after that a message, if it likes. `undefined`
 * when it says nothing of that kind: it may be half written, and is read again soon.
 */
export function parseProgress (bytes: Buffer): Reported | undefined {
  const line = readableText(bytes).split('\n', 1)[0]!.trim()
  const [, number, message = ''] = /^(\d{1,3}(?:\.\d{1,9})?)\s*%?(?:\s+(.*))?$/.exec(line) ?? []
  const percent = Number(number)
  if (number === undefined || percent > 100) return undefined
  const shown = [...printableWhole(message.trim())].slice(0, LONGEST_MESSAGE).join('')
  return { percent: Math.round(percent * 10) / 10, message: shown === '' ? null : shown }
}
