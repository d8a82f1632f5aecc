import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { startHost } from './host.ts'

interface Job {
  job_uuid: string
  state: string
  reason?: string | null
  history: Array<{ state: string, at: string }>
}
interface ListedFile {
  name: string
  size: number
  sha256: string
}
interface Copy extends ListedFile {
  path: string
}

const TERMINAL = ['succeeded', 'failed', 'canceled', 'lost']
/** The default job takes seconds, so a longer wait is useless. */
const LONGEST_MS = 5 * 60_000

/** Runs the default job from start to result, only over HTTP. Throws when a step has a wrong result. */
async function runDemo (url: string, signal: AbortSignal): Promise<void> {
  const { job_uuid: id } = await (await get('/job/deploy')).json() as Job
  console.log(`job ${id}`)
  const job = await follow(id)
  try {
    if (job.state !== 'succeeded') throw new Error(`the job ended as ${job.state}${job.reason ? `: ${job.reason}` : ''}`)
    const files = await list(id)
    if (files.length === 0) throw new Error('the job has no result files')
    const copies: Copy[] = []
    for (const file of files) copies.push(await download(id, file))
    const widths = [
      Math.max(...files.map(({ name }) => name.length)),
      Math.max(...files.map(({ size }) => String(size).length))
    ] as const
    for (const { name, size, sha256 } of copies) {
      console.log(`  ${name.padEnd(widths[0])}  ${String(size).padStart(widths[1])}  ${sha256}`)
    }
    console.log(
      `${copies.length} files match the size and sha256 that were recorded at their upload. They are in ${
        relative('.', dirname(copies[0]!.path))
      }`
    )
    const recording = copies.find(({ name }) => name.endsWith('.mcap'))
    if (recording) {
      console.log(`To look at the drive, open ${recording.path} in Foxglove (https://foxglove.dev: "Open local file").`)
    }
  } catch (error) {
    console.error(
      `state: ${JSON.stringify(job, null, 2)}\nlog:\n${await get(`/job/${id}/log`).then((answer) =>
        answer.text(), (failure: Error) =>
        failure.message)}`
    )
    throw error
  }

  async function get (path: string, headers: Record<string, string> = {}): Promise<Response> {
    const answer = await fetch(url + path, { headers, signal })
    if (!answer.ok && answer.status !== 304) {
      throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`)
    }
    return answer
  }

  /** Prints each state of the job. Returns the job when it has ended. */
  async function follow (id: string): Promise<Job> {
    let told = 0
    let etag: string | null = null
    for (;;) {
      const answer: Response = await get(`/job/${id}`, {
        prefer: 'wait=20',
        ...etag !== null && { 'if-none-match': etag }
      })
      if (answer.status === 304) {
        await pause(100, undefined, { signal })
        continue
      }
      etag = answer.headers.get('etag')
      const job = await answer.json() as Job
      for (const { state, at } of job.history.slice(told)) console.log(`  ${at}  ${state}`)
      told = job.history.length
      if (TERMINAL.includes(job.state)) return job
    }
  }

  async function list (id: string): Promise<ListedFile[]> {
    const files: ListedFile[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await (await get(`/job/${id}/result/list${cursor && `?cursor=${encodeURIComponent(cursor)}`}`))
        .json() as { files: ListedFile[], next_cursor: string | null }
      files.push(...page.files)
      cursor = page.next_cursor
    }
    return files
  }

  async function download (id: string, { name, size, sha256 }: ListedFile): Promise<Copy> {
    const folder = resolve('demo', id)
    const path = resolve(folder, name)
    if (!path.startsWith(join(folder, '/'))) throw new Error(`the name of a result file leads out of its folder: ${name}`)
    await mkdir(dirname(path), { recursive: true })
    const { body } = await get(`/job/${id}/result?file=${encodeURIComponent(name)}`)
    const hash = createHash('sha256')
    let bytes = 0
    await pipeline(Readable.fromWeb(body!), async function * (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        bytes += chunk.length
        yield chunk
      }
    }, createWriteStream(path))
    const digest = hash.digest('hex')
    if (bytes !== size || digest !== sha256) {
      throw new Error(`${name} has ${bytes} bytes and sha256 ${digest}, but the list has ${size} and ${sha256}`)
    }
    return { name, size, sha256, path }
  }
}

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () =>
    interrupted.abort(new Error(`stopped by ${signal}`)))
}
let lastLines: string[] = []
let starting = true
function log (line: string): void {
  lastLines = [...lastLines.slice(-19), line]
  // The first start installs the store, which takes a while.
  if (starting && line.startsWith('{"service":"local-host"')) console.log(`  ${JSON.parse(line).msg}`)
}
try {
  console.log('Starting the local host, which simulates a cluster on this machine …')
  const host = await startHost({ port: 0, log })
  starting = false
  try {
    interrupted.signal.throwIfAborted()
    await runDemo(host.url, AbortSignal.any([interrupted.signal, AbortSignal.timeout(LONGEST_MS)]))
  } finally {
    await host.stop()
  }
} catch (error) {
  console.error(`${lastLines.join('\n')}\nThe demo failed: ${(error as Error).message}`)
  process.exitCode = 1
}
