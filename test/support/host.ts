import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { type Host, startHost } from '../../knative/local/host.ts'
import { connectCluster } from '../../shared/kubernetes/cluster.ts'
import { clusterHost } from './cluster-host.ts'
import { jobTemplates } from './job-templates.ts'
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

export interface ResultFile {
  name: string
  size: number
  sha256: string
  content_type: string
}

/** Environment over that of the manifests, by function; '*' is for all of them. */
export type Overrides = Record<string, Record<string, string>>

/** What the acceptance tests need to know of the host that they run against. */
export type TestedHost = Omit<Host, 'stop' | 'services' | 'store'> & {
  store: Omit<Host['store'], 'stop'>
  /** What the functions have logged. */
  log: string[]
  service: (name: string) => { kill: (signal: NodeJS.Signals) => Promise<void>, ready: () => Promise<void> }
  /** Where the API server is, and the token of a function. */
  kubernetesAs: (name: string) => { url: string, token: string }
}

/**
 * The functions with templates and a bucket of the test's own, pinged only when it says so: on a local host, or on the
 * cluster of the end-to-end suite.
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
  const { config } = connectCluster({ KUBECONFIG: host.kubeconfig, JOBS_NAMESPACE: 'gx4ki-jobs' })
  return {
    ...host,
    log,
    service: (name) => host.services.get(name)!,
    kubernetesAs: () => ({ url: config.getCurrentCluster()!.server, token: config.getCurrentUser()!.token! })
  }
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
