/**
 * Runs a job and brings its files, with nothing but Node.js 22.18 or newer: node run-job.ts drive DURATION=60
 *
 * GX4KI_URL names the API, GX4KI_TOKEN has an API key or an OIDC token, if the installation requires one. A download
 * that is cut ends the program; gx4ki continues downloads.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

interface Job {
  job_uuid: string
  state: string
  reason: string | null
  message: string | null
  finished_at: string | null
}

interface ResultFile {
  name: string
  size: number
  sha256: string
}

const API = (process.env['GX4KI_URL'] ?? 'http://127.0.0.1:8080').replace(/\/$/, '')
const TOKEN = process.env['GX4KI_TOKEN']

/** Sends a request, again for five minutes while the server or the network fails. Returns the answer. */
async function ask (path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  if (TOKEN) headers.set('authorization', `Bearer ${TOKEN}`)
  for (const end = Date.now() + 300_000; ;) {
    let seconds = 5
    const given = new AbortController()
    const timer = setTimeout(() => given.abort(), 90_000)
    try {
      const answer = await fetch(API + path, { ...init, headers, signal: given.signal })
      if (answer.ok) return answer
      const { type, detail } = await answer.json() as { type: string, detail: string }
      if ((answer.status !== 429 && answer.status !== 503) || Date.now() > end) stop(`${type}: ${detail}`)
      seconds = Number(answer.headers.get('retry-after') ?? 5)
    } catch (error) {
      if (Date.now() > end) throw error
    } finally {
      // The body may take longer.
      clearTimeout(timer)
    }
    await sleep(seconds * 1000)
  }
}

function stop (why: string): never {
  console.error(why)
  process.exit(1)
}

/** All result files: the list comes in pages. */
async function * filesOf (job: string): AsyncGenerator<ResultFile> {
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor && `?cursor=${encodeURIComponent(cursor)}`
    const answer = await ask(`/job/${job}/result/list${query}`)
    const page = await answer.json() as { files: ResultFile[], next_cursor: string | null }
    yield * page.files
    cursor = page.next_cursor
  }
}

/** Writes one file. It gets its name when its bytes are those that the job wrote. */
async function download (job: string, { name, sha256 }: ResultFile, folder: string): Promise<void> {
  const path = join(folder, name)
  if (relative(folder, path).split(sep)[0] === '..') stop(`${name} leads out of ${folder}`)
  await mkdir(dirname(path), { recursive: true })
  const digest = createHash('sha256')
  const { body } = await ask(`/job/${job}/result?file=${encodeURIComponent(name)}`)
  await writeFile(`${path}.part`, (async function * () {
    for await (const block of body ?? []) {
      digest.update(block)
      yield block
    }
  })())
  if (digest.digest('hex') !== sha256) stop(`${name} is not as the job wrote it: start again`)
  await rename(`${path}.part`, path)
}

const [template = 'drive', ...values] = process.argv.slice(2)
const env = Object.fromEntries(values.map((value) => value.split(/=([^]*)/, 2)))
const accepted = await ask('/job/deploy', {
  method: 'POST',
  // With the same key, a request that is sent again gives the same job.
  headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
  body: JSON.stringify({ template, env })
})
const { job_uuid: job } = await accepted.json() as Job
console.log(job)
let now: Job
do {
  now = await (await ask(`/job/${job}`, { headers: { prefer: 'wait=50' } })).json() as Job
  console.error(now.state, now.reason ?? '')
} while (now.finished_at === null)
for await (const file of filesOf(job)) {
  await download(job, file, job)
  console.error(`${file.name}: ${file.size} bytes`)
}
if (now.state !== 'succeeded') stop(`${now.state}: ${now.message}`)
