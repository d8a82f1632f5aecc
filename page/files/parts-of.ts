/** A download that is cut must fetch at most so many bytes again. */
export const PART = 32 * 1024 * 1024

export interface Part {
  index: number
  start: number
  /** The last byte. */
  end: number
}

/** The parts of a file of this size. An empty file has none. */
export function partsOf (size: number, part = PART): Part[] {
  return Array.from({ length: Math.ceil(size / part) }, (_, index) => ({
    index,
    start: index * part,
    end: Math.min(size, (index + 1) * part) - 1
  }))
}
