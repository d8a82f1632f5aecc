import type { Variable } from '../api/shapes.ts'

/** What a value may be, in words: `integer, 1 to 3600`. */
export function rangeWords ({ type, minimum, maximum, maxLength, pattern, format }: Variable): string {
  const range = minimum !== undefined && maximum !== undefined
    ? `${minimum} to ${maximum}`
    : minimum !== undefined
      ? `at least ${minimum}`
      : maximum !== undefined
        ? `at most ${maximum}`
        : undefined
  return [
    type === 'string' ? undefined : type,
    range,
    maxLength === undefined ? undefined : `at most ${maxLength} characters`,
    format,
    pattern === undefined ? undefined : `like ${pattern}`
  ].filter((part) => part !== undefined).join(', ')
}
