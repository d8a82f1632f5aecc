/** Far more than any document that means something has. */
export const DEEPEST = 200

/**
 * Whether JSON is nested deeper than what walks through it should follow: recursion, `JSON.stringify` among it, has the
 * stack to fear.
 */
export function isNestedTooDeep (json: unknown): boolean {
  let level = [json]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) as unknown[] : []
    )
  }
  return false
}
