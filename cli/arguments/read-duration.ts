import { misuse } from '../failure.ts'

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `90s`, `30m`, `2h` or `7d`. */
export function readDuration (text: string, option: string): number {
  const [, count, unit] = /^(\d{1,6}(?:\.\d{1,3})?)([smhd])$/.exec(text) ?? []
  const ms = Number(count) * (UNITS[unit ?? ''] ?? NaN)
  if (!(ms > 0)) throw misuse(`${option} must be a time such as 90s, 30m, 2h or 7d`)
  // A timer cannot be longer.
  if (ms > 2 ** 31 - 1 && option === '--timeout') throw misuse(`${option} must be at most 24d`)
  return ms
}
