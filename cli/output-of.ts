import { fstatSync, writeSync } from 'node:fs'
import { EXIT } from './exit-codes.ts'
import { Failure } from './failure.ts'
import type { Output } from './world.ts'

/** Where a terminal says nothing, or 0. */
const DEFAULT_COLUMNS = 80

const REASONS: Record<string, string> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'the file would be too large',
  EIO: 'the device has failed'
}

/**
 * What `World.out` and `World.err` are in a real process. A result that cannot be written is a Failure. A message that
 * cannot be written is left out: nobody could be told, and the exit code is still true.
 */
export function outputOf (stream: NodeJS.WriteStream & { fd: number }, isResult: boolean): Output {
  let isGone = false
  // The callback of each write has the error, too.
  stream.on('error', () => {})
  const send = isFile(stream.fd) ? sendToFile : sendToStream

  async function sendToStream (text: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => stream.write(text, (error) => error ? reject(error) : resolve()))
  }
  /** A stream of Node.js takes a write to a full disk that has written a part for a whole one. */
  async function sendToFile (text: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length;) at += writeSync(stream.fd, bytes, at)
  }

  return {
    async write (text) {
      if (isGone) return
      try {
        await send(text)
      } catch (error) {
        const { code = '', message } = error as NodeJS.ErrnoException
        // That nobody reads any more is no error: the command still has an exit code.
        isGone = code === 'EPIPE' || !isResult
        if (isGone) return
        throw new Failure(EXIT.unexpected, `cannot write: ${REASONS[code] ?? message}`, {
          type: 'urn:gx4ki:cli:output',
          cause: error
        })
      }
    },
    isGone: () => isGone,
    isTerminal: stream.isTTY ?? false,
    columns: () => stream.columns || DEFAULT_COLUMNS
  }
}

function isFile (fd: number): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    return false
  }
}
