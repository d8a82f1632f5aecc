import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { type Host, startHost } from '../../knative/local/host.ts'
import { clusterHost } from './cluster-host.ts'
import { clientOf } from './cluster-of.ts'
import { jobTemplates } from './job-templates.ts'
import { poll } from './poll.ts'

/** The JSON of a job, with the fields that the tests read. */
export interface Job {
  job_uuid: string
  state: string
  reason: string | null
  message: string | null
  results: LeftOut & { files: number, bytes: number, complete: boolean } | null
  template: string
  owner: string | null
  created_at: string
  started_at: string | null
  finished_at: string | null
  exit_code: number | null
  expires_at: string | null
  env: Record<string, string>
  history: { state: string, at: string }[]
}

export interface ResultFile {
  name: string
  size: number
  sha256: string
  sha256_checked: string
  content_type: string
}

/** The files that are not among the results: the first of them, and how many they are. */
export interface LeftOut {
  left_out: { name: string, reason: string }[]
  left_out_count: number
}

export type ResultList = LeftOut & { files: ResultFile[] }

/** Environment variables by function; they override those of the manifests. `*` stands for all functions. */
export type Overrides = Record<string, Record<string, string>>

/** The parts of a host that the acceptance tests use. */
export type TestedHost = Omit<Host, 'stop' | 'services' | 'store'> & {
  store: Omit<Host['store'], 'stop'>
  /** The log lines of the functions. */
  log: string[]
  service: (name: string) => { kill: (signal: NodeJS.Signals) => Promise<void>, ready: () => Promise<void> }
  /** The URL of the API server, and a token for a function. */
  kubernetesAs: (name: string) => { url: string, token: string }
}

/**
 * Starts the functions with templates and a bucket for one test: on a local host, or on the cluster of the end-to-end
 * suite. Pings are sent only when the test calls `ping`.
 */
export async function testHost (t: Test, env: Overrides = {}) {
  const own = {
    ...env,
    '*': {
      S3_BUCKET: `test-${randomBytes(6).toString('hex')}`,
      TEMPLATES_DIR: jobTemplates(),
      DEFAULT_TEMPLATE: 'script',
      ...env['*']
    }
  }
  const host = process.env['E2E_NODE_ADDRESS'] === undefined ? await localHost(t, own) : await clusterHost(t, own)
  return Object.assign(host, callerOf(host))
}

async function localHost (t: Test, env: Overrides): Promise<TestedHost> {
  const log: string[] = []
  const host = await startHost({ port: 0, pingSeconds: 3600, env, log: (line) => log.push(line) })
  t.teardown(() => host.stop())
  t.teardown(() => {
    if (!t.passing()) console.error(log.join('\n'))
  })
  const { config } = clientOf(host.kubeconfig)
  return {
    ...host,
    log,
    service: (name) => host.services.get(name)!,
    kubernetesAs: () => ({ url: config.getCurrentCluster()!.server, token: config.getCurrentUser()!.token! })
  }
}

/** A client of the HTTP API. */
export function callerOf ({ url }: Pick<Host, 'url'>) {
  async function json<T> (path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(url + path, init)
    if (!response.ok) throw new Error(`${init?.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`)
    return await response.json() as T
  }

  async function job (id: string): Promise<Job> {
    return await json<Job>(`/job/${id}`)
  }

  /** All pages of the list, each with so many files. */
  async function list (id: string, limit = 1000): Promise<ResultList> {
    const files: ResultFile[] = []
    for (let cursor = ''; ;) {
      const path = `/job/${id}/result/list?limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
      const page = await json<ResultList & { next_cursor: string | null }>(path)
      files.push(...page.files)
      if (page.next_cursor === null) return { files, left_out: page.left_out, left_out_count: page.left_out_count }
      cursor = page.next_cursor
    }
  }

  return {
    job,
    list,
    /** Requests a job. Returns its id. */
    async deploy (
      body: { template?: string, queue?: string, env?: Record<string, string>, callback?: object },
      headers: Record<string, string> = {}
    ): Promise<string> {
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body)
      }
      return (await json<{ job_uuid: string }>('/job/deploy', init)).job_uuid
    },
    async cancel (id: string): Promise<Job> {
      return await json<Job>(`/job/${id}`, { method: 'DELETE' })
    },
    async jobs (): Promise<Job[]> {
      return (await json<{ jobs: Job[] }>('/job')).jobs
    },
    /** Waits until the job is in one of the states. Returns the job. */
    async reaches (id: string, ...states: string[]): Promise<Job> {
      return await poll(`the job is ${states.join(' or ')}`, async () => {
        const now = await job(id)
        return states.includes(now.state) && now
      })
    },
    async results (id: string): Promise<ResultFile[]> {
      return (await list(id)).files
    },
    async result (id: string, name: string): Promise<Response> {
      return await fetch(`${url}/job/${id}/result?file=${encodeURIComponent(name)}`)
    },
    /** Waits until the log is in the store. Returns the log. */
    async jobLog (id: string): Promise<string> {
      return await poll('the log is in the store', async () => {
        const response = await fetch(`${url}/job/${id}/log`)
        const text = await response.text()
        // The log of a running job has no ETag.
        return response.status === 200 && response.headers.has('etag') && { text }
      }).then(({ text }) => text)
    }
  }
}

export type TestHost = Awaited<ReturnType<typeof testHost>>
