import { randomUUID } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ALL_JOBS, writeListedUntil } from '../../../shared/job/lists/listed-until.ts'
import { newRecord } from '../../support/new-record.ts'
import { putResults } from '../../support/put-results.ts'
import type { Bench } from '../bench.ts'
import { apiKeys } from '../parts/api-key.ts'
import { ask } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { countDeploy } from '../parts/count-deploy.ts'
import { endedJob } from '../parts/end-job.ts'
import { openJob, openJobs } from '../parts/jobs.ts'
import { jobEvent, ping } from '../parts/requests.ts'
import { listedRecord } from '../parts/listed-record.ts'
import { startStub } from '../parts/stub.ts'
import { runUploader } from '../parts/uploader.ts'
import { chainOf, countTo, type Seen } from '../parts/wire.ts'
import { startWired } from '../parts/wired.ts'
import { type Checked, exactly } from './checked.ts'

const JOBS = 50
const FILES = 100

/** How many requests an operation sends to the store and to the API server. */
export async function requests (bench: Bench): Promise<Checked[]> {
  return [
    ...await ofDeploy(bench),
    ...await ofEvents(bench),
    ...await ofPings(bench),
    ...await ofReads(bench),
    ...await ofUploads(bench)
  ]
}

const counted = (what: string, seen: Seen[]): Checked[] => [
  exactly(`${what}: requests to the store`, countTo('store', seen)),
  exactly(`${what}: requests to the API server`, countTo('api', seen))
]

async function ofDeploy (bench: Bench): Promise<Checked[]> {
  const { settings } = await newBucket(bench)
  const seen = await countDeploy(bench, settings, await startStub(bench))
  return [...counted('a deploy', seen), exactly('a deploy: requests in a chain', chainOf(seen))]
}

async function ofEvents (bench: Bench): Promise<Checked[]> {
  const { store, settings } = await newBucket(bench)
  const stub = await startStub(bench)
  const { url, during } = await startWired(bench, 'job-completed', settings, stub)
  const { job } = await endedJob({ store, stub })
  const running = await openJob({ store, stub })
  const send = async (of: typeof job): Promise<Seen[]> => await during(async () => await ask(url, 204, jobEvent(of)))
  await send((await openJob({ store, stub })).job)
  return [
    ...counted('a terminal event', await send(job)),
    ...counted('a duplicate of it', await send(job)),
    ...counted('an event that changes nothing', await send(running.job))
  ]
}

async function ofPings (bench: Bench): Promise<Checked[]> {
  const { store, settings } = await newBucket(bench)
  const stub = await startStub(bench)
  await openJobs({ store, stub }, JOBS)
  const found: Checked[] = []
  for (const name of ['job-completed', 'deploy'] as const) {
    const { url, during } = await startWired(bench, name, settings, stub, { aheadMs: 3600_000 })
    const send = async (): Promise<Seen[]> => await during(async () => await ask(url, 204, ping()))
    found.push(...counted(`a first ping of ${name} with ${JOBS} open jobs`, await send()))
    found.push(...counted(`the next ping of ${name}`, await send()))
  }
  return found
}

async function ofReads (bench: Bench): Promise<Checked[]> {
  const { store, settings } = await newBucket(bench)
  const { env, headersOf } = apiKeys(bench, ['alice'])
  const { url, during } = await startWired(bench, 'result-fetch', settings, await startStub(bench), { env })
  const records = Array.from({ length: JOBS }, () => newRecord({ state: 'running', owner: 'alice' }))
  await writeListedUntil(store, ALL_JOBS)
  for (const record of records) await listedRecord(store, record)
  const attempt = randomUUID()
  const ended = newRecord({ state: 'succeeded', owner: 'alice', attempt, expires_at: '2099-01-01T00:00:00.000Z' })
  const id = ended.job_uuid
  const names = Array.from({ length: FILES }, (_, index) => `${index}.bin`)
  await putResults(store, { id, attempt }, Object.fromEntries(names.map((name) => [name, `the bytes of ${name}`])))
  await listedRecord(store, ended)
  const get = async (path: string): Promise<number> =>
    countTo('store', await during(async () => await ask(url + path, 200, { headers: headersOf('alice') })))
  await get('/job')
  return [
    exactly('the state of a job: requests to the store', await get(`/job/${id}`)),
    exactly('a list of 10 jobs: requests to the store', await get('/job?limit=10')),
    exactly('a list of files: requests to the store', await get(`/job/${id}/result/list`)),
    exactly('a result file: requests to the store', await get(`/job/${id}/result?file=7.bin`)),
    exactly(`an archive of ${FILES} files: requests to the store`, await get(`/job/${id}/result/archive`))
  ]
}

async function ofUploads (bench: Bench): Promise<Checked[]> {
  const { store, settings } = await newBucket(bench)
  const { url, during } = await startWired(bench, 'result-upload', settings, await startStub(bench))
  const folder = mkdtempSync(join(bench.dir, 'results-'))
  for (let index = 0; index < FILES; index++) writeFileSync(join(folder, `${index}.bin`), `the bytes of ${index}`)
  const seen = await during(async () => await runUploader(bench, store, url, folder, FILES))
  return [exactly(`an upload of ${FILES} files: requests to the store`, countTo('store', seen))]
}
