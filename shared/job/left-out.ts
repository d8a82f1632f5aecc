/** A file of the result folder that is not among the results. */
export interface LeftOut {
  /** With what cannot be printed as `\x` and two hex digits. */
  name: string
  reason: string
}

/** The most files that a manifest names as left out, and the most that a record does. */
export const MOST_NAMED = 1000
export const MOST_IN_RECORD = 20
