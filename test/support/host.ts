import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { Test } from 'tap'
import { type Host, startHost } from '../../knative/local/host.ts'
import { poll } from './poll.ts'

/** The JSON of a job, as far as the tests look at it. */
export interface Job {
  job_uuid: string
  state: string
  reason: string | null
  template: string
  created_at: string
  started_at: string | null
  finished_at: string | null
  exit_code: number | null
  expires_at: string | null
  env: Record<string, string>
  history: { state: string, at: string }[]
}

export interface ResultFile { name: string, size: number, sha256: string, content_type: string }

/** A local host of the test's own, with the templates of the acceptance tests, that pings only when it is told to. */
export async function testHost (t: Test, env: Record<string, Record<string, string>> = {}) {
  const log: string[] = []
  const host = await startHost({
    port: 0,
    pingSeconds: 3600,
    env: {
      ...env,
      '*': { S3_BUCKET: `test-${randomBytes(6).toString('hex')}`, TEMPLATES_DIR: resolve('test/acceptance/templates'), DEFAULT_TEMPLATE: 'script', ...env['*'] }
    },
    log: (line) => log.push(line)
  })
  t.teardown(() => host.stop())
  t.teardown(() => { if (!t.passing()) console.error(log.join('\n')) })
  return { ...host, log, ...callerOf(host) }
}

/** What a caller does with the API, over HTTP. */
export function callerOf ({ url }: Pick<Host, 'url'>) {
  async function json<T> (path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(url + path, init)
    if (!response.ok) throw new Error(`${init?.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`)
    return await response.json() as T
  }

  async function job (id: string): Promise<Job> {
    return await json<Job>(`/job/${id}`)
  }

  return {
    job,
    /** Asks for a job and answers its id. */
    async deploy (body: { template?: string, queue?: string, env?: Record<string, string> }, headers: Record<string, string> = {}): Promise<string> {
      const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
      return (await json<{ job_uuid: string }>('/job/deploy', init)).job_uuid
    },
    async cancel (id: string): Promise<Job> {
      return await json<Job>(`/job/${id}`, { method: 'DELETE' })
    },
    async jobs (): Promise<Job[]> {
      return (await json<{ jobs: Job[] }>('/job')).jobs
    },
    /** The job as soon as it is in one of the states. */
    async reaches (id: string, ...states: string[]): Promise<Job> {
      return await poll(`the job is ${states.join(' or ')}`, async () => {
        const now = await job(id)
        return states.includes(now.state) && now
      })
    },
    async results (id: string): Promise<ResultFile[]> {
      return (await json<{ files: ResultFile[] }>(`/job/${id}/result/list`)).files
    },
    async result (id: string, name: string): Promise<Response> {
      return await fetch(`${url}/job/${id}/result?file=${encodeURIComponent(name)}`)
    },
    /** The log, as soon as it is kept. */
    async jobLog (id: string): Promise<string> {
      return await poll('the log is kept', async () => {
        const response = await fetch(`${url}/job/${id}/log`)
        const text = await response.text()
        return response.status === 200 && { text }
      }).then(({ text }) => text)
    }
  }
}

export type TestHost = Awaited<ReturnType<typeof testHost>>
