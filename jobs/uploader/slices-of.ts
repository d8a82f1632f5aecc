export interface Slice {
  start: number
  size: number
}

/** The parts of a file, in order: all alike but the last. Bytes. */
export function slicesOf (size: number, partSize: number): Slice[] {
  const slices: Slice[] = []
  for (let start = 0; start < size; start += partSize) slices.push({ start, size: Math.min(partSize, size - start) })
  return slices
}
