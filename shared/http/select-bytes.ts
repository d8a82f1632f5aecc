import { problem } from './problem.ts'

export type Selection =
  | { status: 200 }
  | { status: 206, start: number, end: number }

/**
 * Which bytes of a representation of `size` bytes a `Range` selects (RFC 9110, 14.2). Throws `range-not-satisfiable`
 * for a range that lies outside the file or ends before it begins.
 */
export function selectBytes (range: string | undefined, size: number): Selection {
  if (range === undefined) return { status: 200 }

  const [, unit, set] = /^\s*([^=\s]+)\s*=(.*)$/.exec(range) ?? []
  // An unknown unit or several ranges: the whole file is a correct answer.
  if (unit?.toLowerCase() !== 'bytes' || set === undefined || set.includes(',')) return { status: 200 }

  const [, first, last] = /^\s*(\d*)\s*-\s*(\d*)\s*$/.exec(set) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) throw unsatisfiable(range, size)
  // The last N bytes of an empty file are satisfiable, but no Content-Range can express them.
  if (size === 0 && first === '' && Number(last) > 0) return { status: 200 }
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start > end) throw unsatisfiable(range, size)
  return { status: 206, start, end }
}

function unsatisfiable (range: string, size: number): Error {
  return problem('range-not-satisfiable', `The range ${range} selects no byte of the file, which has ${size} bytes`, {
    errors: [{
      field: 'Range',
      message: `must lie within 0-${Math.max(size - 1, 0)}, and must not end before it begins`
    }],
    headers: { 'content-range': `bytes */${size}` }
  })
}
