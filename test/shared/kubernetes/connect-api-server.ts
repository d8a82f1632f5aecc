import { writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { apiServerOfPod } from '../../../shared/kubernetes/api-server-of-pod.ts'
import { askApiServer } from '../../../shared/kubernetes/ask-api-server.ts'
import { connectApiServer } from '../../../shared/kubernetes/connect-api-server.ts'
import { certificateFor } from '../../support/certificate-for.ts'
import { listen } from '../../support/listen.ts'

/** Answers with the credential that it got. */
const echo: http.RequestListener = ({ headers }, response) => response.end(headers.authorization)

async function secureServer (t: Test, address = '127.0.0.1'): Promise<{ port: string, cert: string }> {
  const { key, cert } = certificateFor(t, 'IP:127.0.0.1,IP:::1')
  const server = https.createServer({ key, cert }, echo)
  const [, port = ''] = /:(\d+)$/.exec(await listen(t, server, address)) ?? []
  return { port, cert }
}

/** Writes a kubeconfig beside these files. */
function kubeconfig (
  t: Test,
  cluster: object,
  user: object,
  files: Record<string, string> = {}
): string {
  const dir = t.testdir({
    ...files,
    kubeconfig: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'other', cluster: { server: 'http://127.0.0.1:9' } }, { name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'n' } }],
      'current-context': 'x'
    })
  })
  return join(dir, 'kubeconfig')
}

const hasIPv6 = Object.values(networkInterfaces()).flat().some((one) => one?.family === 'IPv6')

for (const host of ['127.0.0.1', '::1']) {
  const skip = host === '::1' && !hasIPv6 && 'this machine has no IPv6'
  await t.test(`a pod finds the API server at ${host} by its environment and its ServiceAccount`, { skip }, async (t) => {
    const { port, cert } = await secureServer(t, host)
    const folder = t.testdir({ token: 'first\n', 'ca.crt': cert })
    mock.timers.enable({ apis: ['Date'] })
    t.teardown(() => mock.timers.reset())
    const cluster = { api: apiServerOfPod({ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port }, folder) }
    const credential = async (): Promise<string> => await text(await askApiServer(cluster, '/'))
    t.equal(await credential(), 'Bearer first')
    writeFileSync(join(folder, 'token'), 'second')
    t.equal(await credential(), 'Bearer first')
    mock.timers.tick(60_000)
    t.equal(await credential(), 'Bearer second', 'the kubelet has renewed it')
  })
}

await t.test('an API server whose certificate another authority has signed is not trusted', async (t) => {
  const { port } = await secureServer(t)
  const { cert } = await secureServer(t)
  const folder = t.testdir({ token: 'hidden', 'ca.crt': cert })
  const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port }
  const error = await askApiServer({ api: apiServerOfPod(environment, folder) }, '/').catch((error) => error)
  t.match(error.code, /SELF_SIGNED|SIGNATURE|VERIFY/)
})

await t.test('outside of a cluster the start says what is missing', async (t) => {
  t.throws(() => apiServerOfPod({}), { message: 'wrong settings: outside of a cluster, KUBECONFIG must be set' })
})

await t.test('a kubeconfig with a token is read, also with its own authority', async (t) => {
  const { port, cert } = await secureServer(t)
  const server = `https://127.0.0.1:${port}`
  const ca = Buffer.from(cert).toString('base64')
  for (const cluster of [{ server, 'certificate-authority-data': ca }, { server, 'insecure-skip-tls-verify': true }]) {
    const api = await connectApiServer(kubeconfig(t, cluster, { token: 'plain' }))
    t.equal(await text(await askApiServer({ api }, '/')), 'Bearer plain')
  }
  const untrusted = await connectApiServer(kubeconfig(t, { server }, { token: 'plain' }))
  await t.rejects(askApiServer({ api: untrusted }, '/'))
})

await t.test('client-node reads any other kubeconfig', async (t) => {
  const plain = await listen(t, http.createServer(echo))
  const { port, cert } = await secureServer(t)
  const apiVersion = 'client.authentication.k8s.io/v1'
  const program = {
    apiVersion,
    command: process.execPath,
    args: ['-p', `'${JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token: 'made' } })}'`]
  }
  for (
    const [credential, cluster, user] of [
      ['Bearer t', { server: `https://127.0.0.1:${port}`, 'certificate-authority': 'ca.crt' }, { token: 't' }],
      ['Bearer made', { server: plain, 'insecure-skip-tls-verify': true }, { exec: program }],
      ['Basic dTpw', { server: plain, 'insecure-skip-tls-verify': true }, { username: 'u', password: 'p' }]
    ] as const
  ) {
    const api = await connectApiServer(kubeconfig(t, cluster, user, { 'ca.crt': cert }))
    t.equal(await text(await askApiServer({ api }, '/')), credential)
  }
  await t.rejects(connectApiServer(kubeconfig(t, { server: plain }, { token: 't' })), /HTTP protocol is not allowed/)
})
