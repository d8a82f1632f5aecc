import { type Content, sameContent } from './claimed-file.ts'

export interface Known {
  /** What the store has under the name. */
  stored: Content | undefined
  /** The multipart upload under that name that is under way. */
  note: Content | undefined
  /** Whether the attempt's uploader has said that all is up. */
  complete: boolean
}

/** `stored`: nothing to do; `closed`: too late; `put`: in one piece; `begin` and `go-on`: in parts. */
export type Decision = 'stored' | 'closed' | 'put' | 'begin' | 'go-on'

/**
 * A workload may write on after an early upload: then what is there gives way to the file as it is now, until all is
 * said to be up.
 */
export function decideUpload (file: Content, { stored, note, complete }: Known, smallestPart: number): Decision {
  if (stored && sameContent(stored, file)) return 'stored'
  if (complete) return 'closed'
  if (file.size <= smallestPart) return 'put'
  return note && sameContent(note, file) ? 'go-on' : 'begin'
}
