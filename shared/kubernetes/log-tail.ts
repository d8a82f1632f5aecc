import { type Lent, poolOf } from '../flow/pool.ts'
import { KEPT_BYTES } from './end-of-log.ts'

/** What a log may take of the memory before it must wait. Most logs are shorter. */
const SMALL = 256 * 1024

/** How much comes in between two moves of the kept bytes. */
const SLACK = 1024 * 1024

const newBuffer = (): Buffer<ArrayBuffer> => Buffer.allocUnsafeSlow(KEPT_BYTES + SLACK)

/**
 * The memory for long logs, in the whole process. While a log waits for it, nothing more of the log is read: the rest
 * stays with the kubelet, which keeps the file as long as it sends it. A log that is followed can take minutes to end,
 * so those never use all of the memory.
 */
const buffers = { whole: poolOf(2, newBuffer), followed: poolOf(2, newBuffer) }

export interface LogTail {
  add: (chunk: Uint8Array) => Promise<void>
  /** The last bytes, one more than is kept: it tells whether the kept part begins a line. Valid until `drop`. */
  bytes: () => Buffer
  /** How many bytes were added in all. */
  total: () => number
  drop: () => void
}

/** Takes the bytes of a log as they come, and keeps the end of them that is kept of a log. */
export function longTail (kind: keyof typeof buffers): LogTail {
  return tailOf(KEPT_BYTES + 1, buffers[kind])
}

/** Keeps only the last `most` bytes, which must be few, and one more. */
export function shortTail (most: number): LogTail {
  return tailOf(most + 1)
}

function tailOf (most: number, borrow?: () => Promise<Lent<Buffer<ArrayBuffer>>>): LogTail {
  let buffer = Buffer.allocUnsafeSlow(SMALL)
  let length = 0
  let total = 0
  let lent: Lent<Buffer<ArrayBuffer>> | undefined

  return {
    async add (chunk) {
      total += chunk.length
      const added = chunk.length > most ? chunk.subarray(-most) : chunk
      if (length + added.length > buffer.length && lent === undefined && borrow !== undefined) {
        lent = await borrow()
        buffer.copy(lent.value, 0, 0, length)
        buffer = lent.value
      }
      if (length + added.length > buffer.length) {
        const kept = Math.min(most - added.length, length)
        buffer.copyWithin(0, length - kept, length)
        length = kept
      }
      buffer.set(added, length)
      length += added.length
    },
    bytes: () => buffer.subarray(Math.max(length - most, 0), length),
    total: () => total,
    drop: () => {
      lent?.giveBack()
      lent = undefined
    }
  }
}
