import type { ReadStream } from 'node:tty'

export interface Output {
  /** Resolves when the text has left this process; a Failure if it cannot. Does nothing when nobody reads any more. */
  write: (text: string | Uint8Array) => Promise<void>
  /** Whether the reader is gone, as in `gx4ki logs | head`. */
  isGone: () => boolean
  isTerminal: boolean
  columns: () => number
}

export interface Input {
  isTerminal: boolean
  /** Everything up to the end. */
  bytes: () => Promise<Buffer>
  /** One line that is typed without being shown. */
  secret: (prompt: string) => Promise<string>
}

/** Everything outside that a command uses, except for files. A test may pass other ones. */
export interface World {
  env: Record<string, string | undefined>
  out: Output
  err: Output
  input: Input
  fetch: typeof fetch
  /** Returns why the address could not be opened, or `undefined`. */
  openInBrowser: (url: string) => Promise<string | undefined>
  /** Milliseconds of a clock that never goes back. */
  now: () => number
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Aborts with a Failure when the caller interrupts the command. */
  interrupt: AbortSignal
}

type Stdin = Pick<ReadStream, 'setRawMode' | 'isTTY'> & AsyncIterable<Buffer> & { destroy: () => unknown }

/** What `World.input` is in a real process. */
export function inputOf (stdin: () => Stdin, prompt: (text: string) => Promise<void>): Input {
  async function bytes (): Promise<Buffer> {
    const chunks: Buffer[] = []
    for await (const chunk of stdin()) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  return {
    get isTerminal () {
      return stdin().isTTY
    },
    bytes,
    async secret (question) {
      await prompt(question)
      const source = stdin()
      source.setRawMode(true)
      const typed: number[] = []
      try {
        for await (const chunk of source) {
          for (const byte of chunk) {
            if (byte === 3) process.kill(process.pid, 'SIGINT')
            if (byte === 3 || byte === 4 || byte === 10 || byte === 13) return Buffer.from(typed).toString()
            if (byte === 127 || byte === 8) typed.pop()
            else typed.push(byte)
          }
        }
      } finally {
        source.setRawMode(false)
        await prompt('\n')
      }
      return Buffer.from(typed).toString()
    }
  }
}
