import { randomBytes, randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { resultUpload, securitySchemes } from '../../functions/result-upload/app.ts'
import { type Grant, presignWith } from '../../functions/result-upload/presign.ts'
import { jobToken } from '../../shared/access/job-token.ts'
import { buildServer } from '../../shared/http/server.ts'
import { createRecord } from '../../shared/job/record-store.ts'
import { LARGEST_PUT, SMALLEST_PART } from '../../shared/results/part-size.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { newRecord } from './new-record.ts'
import { testStore } from './store.ts'

export interface Answer {
  status: number
  headers: Headers
  body: any
}

interface Options {
  largestPut?: number
  smallestPart?: number
  /** Called with the route of each request, before the answer. */
  asked?: (route: string) => void
  /** Changes a grant before the client gets it. */
  spoil?: (grant: Grant) => Grant
}

/** Starts result-upload with a new bucket, and creates a running job with its token. */
export async function uploadServer (
  t: Test,
  { largestPut = LARGEST_PUT, smallestPart = SMALLEST_PART, asked = () => {}, spoil = (grant) => grant }: Options = {}
) {
  const store = await testStore(t)
  const tokenKey = randomBytes(32).toString('hex')
  const job = await runningJob(store, tokenKey)
  const attempt = randomUUID()
  const path = `/job/${job.id}/attempt/${attempt}`
  let server = await listen(0)
  const { port } = server.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  t.teardown(() => server.close())

  async function listen (port: number): Promise<FastifyInstance> {
    const sign = presignWith(store.settings)
    const app = resultUpload({ store, presign: async (...what) => spoil(await sign(...what)), tokenKey, largestPut, smallestPart })
    const server = await buildServer({
      app,
      admit: undefined,
      title: 'result-upload',
      description: 'test',
      securitySchemes
    }, { LOG_LEVEL: 'silent' })
    server.addHook('onRequest', async (request) => asked(request.url.slice(path.length + 1)))
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
