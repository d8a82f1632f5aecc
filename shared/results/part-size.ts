const MIB = 2 ** 20

/**
 * The largest file that goes in one piece: the store then checks the sha256 of the whole. A larger one goes in parts,
 * so that a break costs one part. Bytes.
 */
export const LARGEST_PUT = 1024 * MIB

/** The smallest part of a file that goes in parts. Bytes. */
export const SMALLEST_PART = 64 * MIB

/** S3 takes no larger object, and no more parts of one. */
export const LARGEST_FILE = 5 * 2 ** 40
export const MOST_PARTS = 10_000

/** How large the parts of a file are: as small as allowed, so that little is sent twice, but at most 10,000. Bytes. */
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
