import { randomBytes, randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { resultUpload } from '../../functions/result-upload/app.ts'
import { type Grant, presignWith } from '../../functions/result-upload/presign.ts'
import { jobToken } from '../../shared/access/job-token.ts'
import { buildServer } from '../../shared/http/server.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { createRecord } from '../../shared/job/record-store.ts'
import { type Manifest, readManifest } from '../../shared/results/manifest.ts'
import { LARGEST_PUT, SMALLEST_PART } from '../../shared/results/part-size.ts'
import { resultsOf } from '../../shared/results/results.ts'
import { attemptPrefix } from '../../shared/store/bucket-layout.ts'
import { getObject, listAll } from '../../shared/store/object-store.ts'
import { openStore, type Store } from '../../shared/store/open-store.ts'
import { contentOf } from './content-of.ts'
import { newRecord } from './new-record.ts'
import { testStore } from './store.ts'
import type { StoreProxy } from './store-proxy.ts'

export interface Answer {
  status: number
  headers: Headers
  body: any
}

interface Options {
  largestPut?: number
  smallestPart?: number
  /** Called with the route of each request, before the answer. The answer waits for it. */
  asked?: (route: string) => unknown
  /** All requests to the store go through this proxy: those of the service and those that it grants. */
  proxy?: StoreProxy
  /** Changes a grant before the client gets it. */
  spoil?: (grant: Grant) => Grant
}

/** Starts result-upload with a new bucket, and creates a running job with its token. */
export async function uploadServer (
  t: Test,
  {
    largestPut = LARGEST_PUT,
    smallestPart = SMALLEST_PART,
    asked = () => {},
    spoil = (grant) => grant,
    proxy
  }: Options = {}
) {
  const store = await testStore(t)
  if (proxy !== undefined) proxy.target = store.settings.S3_ENDPOINT
  const settings = proxy === undefined ? store.settings : { ...store.settings, S3_ENDPOINT: proxy.url }
  const tokenKey = randomBytes(32).toString('hex')
  const job = await runningJob(store, tokenKey)
  const attempt = randomUUID()
  const path = `/job/${job.id}/attempt/${attempt}`
  let server = await listen(0)
  const { port } = server.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  t.teardown(() => server.close())

  async function listen (port: number): Promise<FastifyInstance> {
    const reached = openStore(settings)
    const sign = presignWith(reached)
    const app = resultUpload({
      store: reached,
      presign: (...what) => spoil(sign(...what)),
      tokenKey,
      largestPut,
      smallestPart
    })
    const server = await buildServer({ app, admit: undefined, title: 'result-upload' }, {
      LOG_LEVEL: 'silent',
      TRUSTED_PROXIES: ''
    })
    server.addHook('onRequest', async (request) => await asked(request.url.slice(path.length + 1)))
    await server.listen({ port, host: '127.0.0.1' })
    return server
  }

  return {
    store,
    tokenKey,
    ...job,
    attempt,
    url,
    path,
    /** Sends a request about this attempt, as the uploader of the job. */
    async ask (
      route: string,
      body: unknown,
      { method = 'POST', token = job.token, path: base = path }: { method?: string, token?: string, path?: string } = {}
    ): Promise<Answer> {
      const response = await fetch(`${url}${base}/${route}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' })
        },
        ...(body !== undefined && { body: JSON.stringify(body) })
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, body: text && JSON.parse(text) }
    },
    /** What is published, by name: from the manifest, or as long as there is none, from the journal. */
    async published (): Promise<Record<string, Buffer>> {
      const found: Record<string, Buffer> = {}
      const record = { job_uuid: job.id, attempt } as JobRecord
      for await (const { name, size, sha256, key } of (await resultsOf(store, record))()) {
        const body = (await getObject(store, key))?.body ?? Buffer.from('this content is missing')
        const content = contentOf(body)
        if (content.size !== size || content.sha256 !== sha256) throw new Error(`wrong content of ${name}`)
        found[name] = body
      }
      return found
    },
    /** The names alone: while the uploader runs, contents may go after the look at the names. */
    async names (): Promise<string[]> {
      const found = []
      const results = await resultsOf(store, { job_uuid: job.id, attempt } as JobRecord)
      for await (const { name } of results()) found.push(name)
      return found
    },
    manifest: async (): Promise<Manifest | undefined> => await readManifest(store, job.id, attempt),
    /** The digests of all contents in the store. */
    async contents (): Promise<string[]> {
      const prefix = attemptPrefix(job.id, attempt)
      const found = []
      for await (const { key } of listAll(store, prefix, { tags: false })) found.push(key.slice(prefix.length))
      return found
    },
    stop: () => server.close(),
    async startAgain () {
      server = await listen(port)
    }
  }
}

export async function runningJob (store: Store, tokenKey: string): Promise<{ id: string, token: string }> {
  const record = newRecord({ state: 'running' })
  await createRecord(store, record)
  return { id: record.job_uuid, token: jobToken(tokenKey, record.job_uuid) }
}
