import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { answer } from './api.ts'
import { collectGarbage } from './deletion.ts'
import { startJobController } from './job-controller.ts'
import { startKubelet } from './kubelet.ts'
import { timestamp } from './objects.ts'
import { failure, isRefusal, refusal } from './refusal.ts'
import { createStore } from './store.ts'

export interface LocalKubernetes {
  url: string
  kubeconfig: string
  stop: () => Promise<void>
}

/**
 * Simulates the part of Kubernetes that jobs need: Jobs, Pods and their logs, ConfigMaps and Secrets, in memory, with
 * containers as local processes. It is only for trials and tests: it isolates nothing, and every client with its token
 * can run commands on this machine. `dir` holds the files of this instance; those of earlier pods are removed. `path`
 * is the PATH of the processes; `images` has for some images the folder of the programs that are in their `/app/dist`.
 */
export async function startKubernetes ({ port = 0, dir, images = {}, path, log = () => {} }: {
  port?: number
  dir: string
  images?: Record<string, string>
  path: string
  log?: (line: string) => void
}): Promise<LocalKubernetes> {
  const store = createStore()
  const host = { store, dir, images, path, began: timestamp(), log }
  rmSync(join(dir, 'pods'), { recursive: true, force: true })
  const token = randomBytes(24).toString('base64url')
  const stopping = new AbortController()
  collectGarbage(store)
  // The order matters: the controller must count an ended pod before the kubelet removes it.
  const controller = startJobController(store)
  const kubelet = startKubelet(host)

  const server = createServer((request, response) => {
    const allowed = request.headers.authorization === `Bearer ${token}`
    const answered = allowed
      ? answer(host, request, response, stopping.signal)
      : Promise.reject(refusal('Unauthorized', 'Unauthorized'))
    answered.catch((error: Error) => refuse(response, error, log))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const kubeconfig = join(dir, 'kubeconfig')
  mkdirSync(dir, { recursive: true })
  writeFileSync(kubeconfig, JSON.stringify(configOf(url, token), null, 2), { mode: 0o600 })
  log(
    `simulated Kubernetes at ${url}: containers run as processes of this user; images, limits, securityContext, ` +
      'probes and scheduling are ignored (docs/settings.md)'
  )

  return {
    url,
    kubeconfig,
    stop: async () => {
      controller.stop()
      stopping.abort()
      const closed = server.listening && once(server, 'close')
      server.close()
      await kubelet.stop()
      server.closeAllConnections()
      await closed
    }
  }
}

/** A kubeconfig; JSON is YAML. Without `insecure-skip-tls-verify` client-node refuses plain HTTP. */
const configOf = (server: string, token: string): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'local', cluster: { server, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'local', user: { token } }],
  contexts: [{ name: 'local', context: { cluster: 'local', user: 'local', namespace: 'gx4ki-jobs' } }],
  'current-context': 'local'
})

function refuse (response: ServerResponse, error: Error, log: (line: string) => void): void {
  // The client of a stream has disconnected.
  if (response.destroyed) return
  if (!isRefusal(error)) log(`simulated Kubernetes: ${error.stack}`)
  if (response.headersSent) {
    response.destroy()
    return
  }
  const status = isRefusal(error) ? error.cause : failure('InternalError', error.message)
  response.writeHead(status.code ?? 500, { 'content-type': 'application/json' }).end(JSON.stringify(status))
}
