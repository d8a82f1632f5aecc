import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Waits for the end of a process. Returns its exit code, and what it printed. */
export async function ended (child: ChildProcess): Promise<{ code: number | null, output: string }> {
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => { output += text })
  }
  const [code] = await once(child, 'close') as [number | null]
  return { code, output }
}
