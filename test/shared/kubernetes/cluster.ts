import type { ServerResponse } from 'node:http'
import type { V1Job } from '@kubernetes/client-node'
import t from 'tap'
import { neverMade } from '../../../functions/deploy/start/never-made.ts'
import { isProblem } from '../../../shared/http/problem.ts'
import { type Cluster, objectName, orAbsent, statusOf } from '../../../shared/kubernetes/cluster.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { clusterAt } from '../../support/cluster-at.ts'
import { httpServer } from '../../support/http-server.ts'

const read = async ({ batch, namespace }: Cluster): Promise<V1Job> =>
  await batch.readNamespacedJob({ namespace, name: objectName('a') })

const json = (response: ServerResponse, code: number, body: object): unknown =>
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))

await t.test('all calls share few connections and send the token', async (t) => {
  const sockets = new Set()
  const { url, received } = await httpServer(t, (_, response) => {
    sockets.add(response.socket)
    json(response, 200, { kind: 'Job', metadata: { name: 'gx4ki-a' } })
  })
  const cluster = clusterAt(t, url)
  for (let call = 0; call < 10; call++) t.match(await read(cluster), { metadata: { name: 'gx4ki-a' } })
  t.ok(sockets.size < 3, `${sockets.size} connections`)
  t.match(received[0], {
    url: '/apis/batch/v1/namespaces/gx4ki-jobs/jobs/gx4ki-a',
    headers: { authorization: 'Bearer a hidden token' }
  })
})

await t.test('an absent object is distinguished from an API server that is not available', async (t) => {
  for (
    const [code, body] of [
      [404, { kind: 'Status', code: 404, message: 'not found' }],
      [401, { kind: 'Status', code: 401, message: 'Unauthorized' }],
      [403, { kind: 'Status', code: 403, message: 'forbidden' }],
      [429, { kind: 'Status', code: 429, message: 'too many requests' }],
      [500, { kind: 'Status', code: 500, message: 'etcd' }],
      [503, 'hello']
    ] as const
  ) {
    const { url } = await httpServer(
      t,
      (_, response) => typeof body === 'string' ? response.writeHead(code).end(body) : json(response, code, body)
    )
    const cluster = clusterAt(t, url)
    t.equal(statusOf(await read(cluster).catch((error) => error)), code)
    const outcome = await orAbsent(read(cluster)).catch((error) => error)
    if (code === 404) t.equal(outcome, undefined)
    else t.ok(isProblem(outcome, 'kubernetes-unavailable'), `${code}`)
    t.notOk(neverMade(outcome?.cause), 'the request was sent')
  }
})

await t.test('a refused connection counts as never sent', async (t) => {
  const error = await orAbsent(read(clusterAt(t, await closedUrl()))).catch((error) => error)
  t.ok(isProblem(error, 'kubernetes-unavailable'))
  t.equal(statusOf(error), undefined)
  t.ok(neverMade(error.cause))
})

await t.test('a connection that breaks off may have sent the request', async (t) => {
  const { url } = await httpServer(t, (_, response) => response.destroy())
  const error = await orAbsent(read(clusterAt(t, url))).catch((error) => error)
  t.ok(isProblem(error, 'kubernetes-unavailable'))
  t.notOk(neverMade(error.cause))
})

await t.test('an invalid answer does not count as an absent object', async (t) => {
  for (
    const [code, type, body] of [
      [200, 'text/html', '<html>'],
      [200, 'application/json', '{'],
      [200, 'application/json', ''],
      [200, 'application/json', 'null'],
      [200, 'application/json', '{}'],
      [204, 'text/plain', '']
    ] as const
  ) {
    const { url } = await httpServer(t, (_, response) => response.writeHead(code, { 'content-type': type }).end(body))
    const outcome = await orAbsent(read(clusterAt(t, url))).catch((error) => error)
    t.ok(isProblem(outcome, 'kubernetes-unavailable'), `${code} ${type} ${body}`)
  }
})
