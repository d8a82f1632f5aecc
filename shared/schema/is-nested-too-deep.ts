/** The deepest accepted nesting, far deeper than that of any real document. */
export const DEEPEST = 200

/** Whether JSON is nested too deeply for recursive code, such as `JSON.stringify`, which could overflow the stack. */
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
