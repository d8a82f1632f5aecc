import * as models from '@kubernetes/client-node'
import { BatchV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import t from 'tap'
import { statusMessage } from '../../../shared/kubernetes/status-message.ts'
import { statusOf } from '../../../shared/kubernetes/cluster.ts'
import { clusterAt, kubeconfigFor } from '../../support/cluster-at.ts'
import { httpServer } from '../../support/http-server.ts'

const namespace = 'gx4ki-jobs'

/** A value of a type of client-node, as the API server sends it, in which every field is set. */
function filled (type: string, name = ''): unknown {
  const [, item] = /^Array<(.*)>$/.exec(type) ?? []
  if (item !== undefined) return [filled(item, name)]
  const [, value] = /^\{ \[key: string\]: (.*?);? \}$/.exec(type) ?? []
  // An annotation may have the name of a time.
  if (value !== undefined) return { own: filled(value, name), ...(name === 'annotations' && { startedAt: 'own' }) }
  const model = (models as Record<string, any>)[type]
  if (typeof model?.getAttributeTypeMap === 'function') {
    const attributes = model.getAttributeTypeMap() as { baseName: string, type: string }[]
    const fields = Object.fromEntries(attributes.map((one) => [one.baseName, filled(one.type, one.baseName)]))
    // The metadata of what is only a template have no times.
    return /Template(Spec)?$/.test(type) ? { ...fields, metadata: { labels: { own: 'label' } } } : fields
  }
  if (type === 'Date' || type === 'V1MicroTime') return '2026-11-22T12:00:00Z'
  return type === 'number' ? 7 : type === 'boolean' ? true : type === 'any' ? { a: 1 } : `own ${name}`
}

/** Without the classes of client-node, fields that are not set, and the managed fields, which are not kept. */
function plain (value: unknown): unknown {
  if (value instanceof Date || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) =>
      one === undefined || name === 'managedFields' ? [] : [[name, plain(one)]])
  )
}

await t.test('objects have every field, and dates for times, as client-node makes them', async (t) => {
  const { url } = await httpServer(t, ({ url }, response) => {
    const type = url.endsWith('/jobs/a') ? 'V1Job' : url.includes('/jobs') ? 'V1JobList' : 'V1PodList'
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(filled(type)))
  })
  const config = new KubeConfig()
  config.loadFromFile(kubeconfigFor(t, url))
  const [batch, core] = [config.makeApiClient(BatchV1Api), config.makeApiClient(CoreV1Api)]
  const ours = clusterAt(t, url)
  t.strictSame(await ours.batch.readNamespacedJob({ namespace, name: 'a' }),
    plain(await batch.readNamespacedJob({ namespace, name: 'a' })))
  t.strictSame(await ours.batch.listNamespacedJob({ namespace }), plain(await batch.listNamespacedJob({ namespace })))
  const pods = await ours.core.listNamespacedPod({ namespace })
  t.strictSame(pods, plain(await core.listNamespacedPod({ namespace })))
  const [{ metadata, status }] = pods.items as [models.V1Pod]
  t.equal(metadata?.annotations?.['startedAt'], 'own')
  t.equal(status?.containerStatuses?.[0]?.state?.running?.startedAt?.getTime(), Date.UTC(2026, 10, 22, 12))
})

await t.test('a list is asked for in pages, and by metadata only', async (t) => {
  const { url, received } = await httpServer(t, (_, response) => {
    response.end(JSON.stringify({ kind: 'JobList', metadata: { resourceVersion: '7', continue: 'n+/=' } }))
  })
  const { batch, core } = clusterAt(t, url)
  const page = await batch.listNamespacedJob({ namespace, labelSelector: 'a=b,c', limit: 500, _continue: 'x+/=' })
  t.strictSame(page, { kind: 'JobList', metadata: { resourceVersion: '7', _continue: 'n+/=' }, items: [] })
  await core.listNamespacedPod({ namespace, resourceVersion: '0', metadataOnly: true })
  t.same(received.map(({ url, headers }) => [url, headers.accept]), [
    [
      '/apis/batch/v1/namespaces/gx4ki-jobs/jobs?labelSelector=a%3Db%2Cc&limit=500&continue=x%2B%2F%3D',
      'application/json, */*'
    ],
    [
      '/api/v1/namespaces/gx4ki-jobs/pods?resourceVersion=0',
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
    ]
  ])
})

await t.test('a Job is deleted with its conditions', async (t) => {
  const { url, received } = await httpServer(t, (_, response) => {
    response.end(JSON.stringify({ kind: 'Status', status: 'Success' }))
  })
  const { batch } = clusterAt(t, url)
  const body = { preconditions: { uid: 'u' } }
  await batch.deleteNamespacedJob({ namespace, name: 'a', propagationPolicy: 'Background', body })
  const [{ method, url: path, headers, body: sent }] = received as [typeof received[0] & object]
  t.same([method, path, headers['content-type']], [
    'DELETE',
    '/apis/batch/v1/namespaces/gx4ki-jobs/jobs/a',
    'application/json'
  ])
  t.same(JSON.parse(sent.toString()), { preconditions: { uid: 'u' }, propagationPolicy: 'Background' })
})

await t.test('a refusal keeps the status and the words of the API server', async (t) => {
  const { url } = await httpServer(t, (_, response) => {
    response.writeHead(403).end(JSON.stringify({ kind: 'Status', code: 403, message: 'jobs is forbidden' }))
  })
  const error = await clusterAt(t, url).batch.readNamespacedJob({ namespace, name: 'a' }).catch((error) => error)
  t.equal(statusOf(error), 403)
  t.equal(statusMessage(error), 'jobs is forbidden')
})
