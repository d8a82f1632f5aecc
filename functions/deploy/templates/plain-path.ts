import { posix } from 'node:path'

/** An absolute path without `//`, `.` and `..`, and without a slash at its end. */
export function plainPath (path: string): string {
  return posix.resolve('/', path)
}
