import type { Test } from 'tap'
import { clusterAt } from './cluster-at.ts'
import { clusterOf } from './cluster-of.ts'
import { httpServer, type Received } from './http-server.ts'
import { testKubernetes } from './local-kubernetes.ts'

interface Answer {
  code: number
  body: string
  headers?: Record<string, string>
}

/**
 * Answers a request. `pass` sends the request to the stand-in and returns its answer. `break` breaks the connection.
 */
export type Meddle = (request: Received, pass: () => Promise<Answer>) => Promise<Answer | 'break'>

export const status = (code: number, message: string, reason?: string): Answer => ({
  code,
  body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, message, reason })
})

/**
 * Starts a proxy in front of the stand-in for Kubernetes. `meddle` can change each answer. `real` connects to the
 * stand-in directly.
 */
export async function meddledKubernetes (t: Test) {
  const local = await testKubernetes(t)
  const meddled = { meddle: (async (_, pass) => await pass()) as Meddle }
  const { url, received } = await httpServer(t, async (request, response) => {
    const { method, url: path, headers, body } = request
    const pass = async (): Promise<Answer> => {
      const answer = await fetch(local.url + path, {
        method,
        headers: {
          authorization: headers.authorization!,
          'content-type': headers['content-type'] ?? 'application/json',
          ...(headers.accept !== undefined && { accept: headers.accept })
        },
        ...(body.length > 0 && { body: new Uint8Array(body) })
      })
      return { code: answer.status, body: await answer.text() }
    }
    const answer = await meddled.meddle(request, pass)
    if (answer === 'break') response.destroy()
    else response.writeHead(answer.code, { 'content-type': 'application/json', ...answer.headers }).end(answer.body)
  })
  return Object.assign(meddled, {
    received,
    cluster: clusterAt(t, url, local.config.getCurrentUser()!.token),
    real: clusterOf(local)
  })
}
