/** Only the end of a log is kept: it tells why a job failed. */
export const KEPT_BYTES = 10 * 1024 * 1024

/** How far the next line may be away from the first byte that could be kept. A longer line is cut within. */
const NEAR_BYTES = 64 * 1024

const NEWLINE = 0x0a

/**
 * The end of a log, at most `KEPT_BYTES`. It begins with a line, if one begins near the cut, and otherwise with a whole
 * UTF-8 character. To tell that the cut is the begin of a line, `log` needs one byte more than is kept.
 */
export function endOfLog (log: Buffer): Buffer {
  const cut = log.length - KEPT_BYTES
  if (cut <= 0) return log
  const newline = log.subarray(0, cut + NEAR_BYTES).indexOf(NEWLINE, cut - 1)
  return log.subarray(newline === -1 ? nextCharacter(log, cut) : newline + 1)
}

/** A character has at most three bytes after its first one. Bytes that are not UTF-8 are kept as they are. */
function nextCharacter (bytes: Buffer, at: number): number {
  for (let skipped = 0; skipped < 3; skipped++) {
    if ((bytes[at + skipped]! & 0b1100_0000) !== 0b1000_0000) return at + skipped
  }
  return at + 3
}
