import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../../knative/local/free-ports.ts'
import type { Bench } from '../bench.ts'
import type { StubObject } from './api-server.ts'
import { ask, askFirst } from './ask.ts'
import { startProgram } from './program.ts'

export interface Stub {
  url: string
  /** The path of a kubeconfig for the stub, or for a wire before it. */
  kubeconfig: (server?: string) => string
  /** Adds objects. */
  add: (resource: 'jobs' | 'pods', objects: object[]) => Promise<void>
  /** Lets the pod of a Job run, or the Job end well. */
  advance: (to: 'run' | 'complete', name: string) => Promise<{ job: StubObject, pod: StubObject }>
  /** The log of every pod has this size from now on. */
  setLog: (bytes: number) => Promise<void>
}

/** Starts the API server of the bench in a process of its own, so that its time is not that of the client. */
export async function startStub (bench: Pick<Bench, 'dir' | 'after'>): Promise<Stub> {
  const [port] = await freePorts(1)
  await startProgram(bench, [process.execPath, join(import.meta.dirname, 'api-server.ts')], { PORT: String(port) })
  const url = `http://127.0.0.1:${port}`
  await askFirst(`${url}/-/log/100`, 200, { method: 'POST' })
  let files = 0
  return {
    url,
    kubeconfig (server = url) {
      const path = join(bench.dir, `kubeconfig-${port}-${++files}`)
      writeFileSync(path, JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'bench', cluster: { server, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'bench', user: { token: 'of the bench' } }],
        contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
        'current-context': 'bench'
      }))
      return path
    },
    async add (resource, objects) {
      // In parts, because one body for 10,000 objects would be 40 MB.
      for (let from = 0; from < objects.length; from += 500) {
        const body = JSON.stringify(objects.slice(from, from + 500))
        await ask(`${url}/-/objects/${resource}`, 200, { method: 'POST', body })
      }
    },
    async advance (to, name) {
      return JSON.parse((await ask(`${url}/-/${to}/${name}`, 200, { method: 'POST' })).body.toString())
    },
    async setLog (bytes) {
      await ask(`${url}/-/log/${bytes}`, 200, { method: 'POST' })
    }
  }
}
