import type { Bench } from '../bench.ts'
import { startProgram } from './program.ts'

type Place = Pick<Bench, 'dir' | 'after'>

/** Downloads with curl and drops the bytes. Returns how long it took, in ms. */
export async function download (
  bench: Place,
  url: string,
  size: number,
  options: string[] = []
): Promise<number> {
  return await run(bench, [...options, '--write-out', '%{http_code} %{size_download}', '--output', '/dev/null', url], `200 ${size}`)
}

/** Uploads a file with curl to a presigned URL. Returns how long it took, in ms. */
export async function upload (bench: Place, url: string, path: string): Promise<number> {
  return await run(bench, ['--upload-file', path, '--write-out', '%{http_code}', '--output', '/dev/null', url], '200')
}

async function run (bench: Place, options: string[], expected: string): Promise<number> {
  const program = await startProgram(bench, ['curl', '--silent', '--show-error', ...options])
  await program.ended()
  const wall = performance.now() - program.began
  const output = program.output().trim()
  if (output !== expected) throw new Error(`curl said ${output}, not ${expected}`)
  return wall
}
