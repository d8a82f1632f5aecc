import { Type } from 'typebox'

/** What an S3 key may have (1,024 bytes) less what stands before the name in one. */
const LONGEST_BYTES = 900

export const ResultName = Type.String({
  minLength: 1,
  maxLength: LONGEST_BYTES,
  pattern: '^(?!(.*/)?\\.{0,2}(/|$))[^\\u0000-\\u001f\\u007f\\\\]+$',
  'x-message': 'must be relative, without empty, . or .. parts, backslashes and control characters',
  description: 'The name of a result file, relative to the result directory, sub-folders with /'
})

/**
 * Why a name cannot be that of a result, or `undefined` when it can: names become keys here and paths at the caller's.
 */
export function wrongName (name: string): string | undefined {
  if (name === '') return 'must not be empty'
  if (Buffer.byteLength(name) > LONGEST_BYTES) return `must not be longer than ${LONGEST_BYTES} bytes`
  if (!name.isWellFormed()) return 'must be valid Unicode'
  // eslint-disable-next-line no-control-regex -- exactly these must not occur
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'must not contain control characters'
  // Some stores, and every Windows caller, take it for a slash.
  if (name.includes('\\')) return 'must not contain \\'
  if (name.startsWith('/')) return 'must be relative'
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return 'must not contain empty, . or .. parts'
  }
  return undefined
}
