import { problem } from '../../shared/http/problem.ts'
import { matchesEtag } from './matches-etag.ts'

export interface Conditions {
  range?: string | undefined
  ifRange?: string | undefined
  ifNoneMatch?: string | undefined
}

export type Selection =
  | { status: 200 }
  | { status: 206, start: number, end: number }
  | { status: 304 }

/**
 * Which bytes of a representation of `size` bytes a request selects (RFC 9110: If-None-Match 13.1.2, If-Range 13.1.5,
 * Range 14.2). The ETag is strong, so it is compared byte by byte. Throws `range-not-satisfiable` for a range that lies
 * outside the file or ends before it begins.
 */
export function selectBytes ({ range, ifRange, ifNoneMatch }: Conditions, etag: string, size: number): Selection {
  if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, etag)) return { status: 304 }
  // A date in If-Range does not match, because it cannot be compared strongly here.
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return { status: 200 }

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
