const FIRST_MS = 200
const LONGEST_MS = 10_000

/**
 * How long to wait before the next try: twice as long each time up to a limit, and never in step with other uploaders.
 * Milliseconds.
 */
export function backOff (tried: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** tried) * (0.5 + Math.random() / 2)
}
