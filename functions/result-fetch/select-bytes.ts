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
 * Range 14.2). The ETag is strong, so comparison is by octets. Throws `range-not-satisfiable` for a range outside the
 * file or backwards.
 */
export function selectBytes ({ range, ifRange, ifNoneMatch }: Conditions, etag: string, size: number): Selection {
  if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, etag)) return { status: 304 }
  // A date in If-Range cannot be compared strongly here, so it does not match.
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return { status: 200 }

  const [, unit, set] = /^\s*([^=\s]+)\s*=(.*)$/.exec(range) ?? []
  // A unit that is not known, or several ranges at once: the whole file is a correct answer.
  if (unit?.toLowerCase() !== 'bytes' || set === undefined || set.includes(',')) return { status: 200 }

  const [, first, last] = /^\s*(\d*)\s*-\s*(\d*)\s*$/.exec(set) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) throw unsatisfiable(range, size)
  // The last bytes of nothing are satisfiable, and no Content-Range can name them.
  if (size === 0 && first === '' && Number(last) > 0) return { status: 200 }
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start > end) throw unsatisfiable(range, size)
  return { status: 206, start, end }
}

function unsatisfiable (range: string, size: number): Error {
  return problem('range-not-satisfiable', `Range: ${range} selects nothing of a file of ${size} bytes`, {
    errors: [{ field: 'Range', message: `must lie within 0-${Math.max(size - 1, 0)} and not run backwards` }],
    headers: { 'content-range': `bytes */${size}` }
  })
}
