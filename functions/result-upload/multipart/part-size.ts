const MIB = 2 ** 20

/** Also the most that goes in one piece. */
export const SMALLEST_PART = 64 * MIB

/** S3 takes no larger object, and no more parts to one. */
export const LARGEST_FILE = 5 * 2 ** 40
export const MOST_PARTS = 10_000

/**
 * How large the parts of a file are: as small as allowed, so that little is sent twice, yet never more than 10,000.
 * Bytes.
 */
export function partSize (size: number, smallest: number): number {
  return Math.max(smallest, Math.ceil(size / MOST_PARTS / MIB) * MIB)
}

export function countParts (file: { size: number, part_size: number }): number {
  return Math.ceil(file.size / file.part_size)
}

/** The bytes of one part, counted from 1: all are alike but the last. 0 when the file has no such part. */
export function sizeOfPart (
  file: { size: number, part_size: number },
  number: number
): number {
  return Math.max(0, Math.min(file.part_size, file.size - (number - 1) * file.part_size))
}
