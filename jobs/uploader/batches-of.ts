/** A request for grants names so many files at most. */
const MOST_FILES = 100
/** Bytes: a larger file does not wait for others, nor they for it. */
const MOST_BYTES = 16 * 1024 * 1024

/** Files in the order in which they came, in groups that are uploaded together. */
export function batchesOf<T extends { size: number }> (files: T[]): T[][] {
  const batches: T[][] = []
  let batch: T[] = []
  let bytes = 0
  for (const file of files) {
    if (batch.length === MOST_FILES || (batch.length > 0 && bytes + file.size > MOST_BYTES)) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(file)
    bytes += file.size
  }
  return batch.length > 0 ? [...batches, batch] : batches
}
