/** The longest name of a result file, in bytes: tar, Windows and other stores have limits not far above. */
export const LONGEST_NAME = 900

/** Why a name cannot be that of a result, or `undefined` when it can: a caller makes a path of it. */
export function wrongName (name: string): string | undefined {
  if (name === '') return 'must not be empty'
  if (Buffer.byteLength(name) > LONGEST_NAME) return `must not be longer than ${LONGEST_NAME} bytes`
  if (!name.isWellFormed()) return 'must be valid Unicode'
  // eslint-disable-next-line no-control-regex -- exactly these must not occur
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'must not contain control characters'
  // Windows callers take it for a slash.
  if (name.includes('\\')) return 'must not contain \\'
  if (name.startsWith('/')) return 'must be relative'
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return 'must not contain empty, . or .. parts'
  }
  return undefined
}
