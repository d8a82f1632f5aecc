import { printable } from './printable.ts'

export interface Reported {
  percent: number
  message: string | null
}

const LONGEST_MESSAGE = 200

/**
 * What the file of a workload says: its first line has a percentage, and after that a message, if it likes. `undefined`
 * when it says nothing of that kind: it may be half written, and is read again soon.
 */
export function parseProgress (bytes: Buffer): Reported | undefined {
  const line = bytes.toString().split('\n', 1)[0]!.trim()
  const [, number, message = ''] = /^(\d{1,3}(?:\.\d{1,9})?)\s*%?(?:\s+(.*))?$/.exec(line) ?? []
  const percent = Number(number)
  if (number === undefined || percent > 100) return undefined
  const shown = printable(Buffer.from(message.trim())).slice(0, LONGEST_MESSAGE).toWellFormed()
  return { percent: Math.round(percent * 10) / 10, message: shown === '' ? null : shown }
}
