import { shortened } from './shortened.ts'

/** The longest log line. A collector of logs splits or drops longer ones. */
const LONGEST = 16 * 1024

/** What of a long line is kept: the texts shortened, the first members of lists and objects, and no deep ones. */
const TEXT = 1000
const MEMBERS = 20
const LEVELS = 6

/** A log line in JSON, shortened if it is too long. It stays JSON, with its level, time and message. */
export function boundedLine (line: string): string {
  if (line.length <= LONGEST) return line
  const whole = JSON.parse(line) as Record<string, unknown>
  const shorter = JSON.stringify(bounded(whole, LEVELS))
  const end = line.endsWith('\n') ? '\n' : ''
  if (shorter.length <= LONGEST) return shorter + end
  const plain = Object.entries(whole).filter(([, value]) => typeof value !== 'object').slice(0, MEMBERS)
  return JSON.stringify(bounded(Object.fromEntries(plain), 1), (_, value: unknown) =>
    typeof value === 'string' ? shortened(value, TEXT / 2) : value) + end
}

function bounded (value: unknown, levels: number): unknown {
  if (typeof value === 'string') return shortened(value, TEXT)
  if (typeof value !== 'object' || value === null) return value
  if (levels === 0) return '…'
  if (Array.isArray(value)) return value.slice(0, MEMBERS).map((one) => bounded(one, levels - 1))
  return Object.fromEntries(
    Object.entries(value).slice(0, MEMBERS).map(([name, one]) => [shortened(name, 100), bounded(one, levels - 1)])
  )
}
