import { runCli } from '../../cli/run-cli.ts'
import type { Output } from '../../cli/world.ts'

/**
 * Runs gx4ki in this process, for what needs no server: a process takes longer than its work. A request throws.
 */
export async function gx4kiHere (
  words: string[],
  env: Record<string, string> = {}
): Promise<{ code: number, stdout: string, stderr: string }> {
  const printed = { stdout: '', stderr: '' }
  const outputTo = (name: keyof typeof printed): Output => ({
    write: async (text) => { printed[name] += text.toString() },
    isGone: () => false,
    isTerminal: false,
    columns: () => 80
  })
  const code = await runCli({
    env: { HOME: '/nonexistent', ...env },
    out: outputTo('stdout'),
    err: outputTo('stderr'),
    input: { isTerminal: false, bytes: async () => Buffer.alloc(0), secret: async () => '' },
    fetch: async () => { throw new Error('a request was sent') },
    openInBrowser: async () => { throw new Error('a browser was opened') },
    now: () => 0,
    sleep: async () => {},
    interrupt: new AbortController().signal
  }, words)
  return { code, ...printed }
}
