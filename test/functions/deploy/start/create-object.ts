import t from 'tap'
import { createObject } from '../../../../functions/deploy/start/create-object.ts'
import { clusterAt } from '../../../support/cluster-at.ts'
import { clusterOf } from '../../../support/cluster-of.ts'
import { httpServer } from '../../../support/http-server.ts'
import { testKubernetes } from '../../../support/local-kubernetes.ts'

const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: { PASSWORD: 'hunter2' } }

await t.test('the API server answers with the metadata, and not with the values of a Secret', async (t) => {
  const cluster = clusterOf(await testKubernetes(t))
  const { object, warnings } = await createObject(cluster, 'secrets', secret)
  t.match(object, { kind: 'PartialObjectMetadata', metadata: { name: 'a', uid: /./ } })
  t.same(Object.keys(object!).sort(), ['apiVersion', 'kind', 'metadata'])
  t.same(warnings, [])
  t.equal((await createObject(cluster, 'secrets', secret)).object, undefined, 'it is there already')
})

await t.test('a server that answers with the whole object is understood, too', async (t) => {
  const { url, received } = await httpServer(t, (_, response) => {
    response.writeHead(201).end(JSON.stringify({ ...secret, metadata: { name: 'a', uid: 'u' } }))
  })
  const { object } = await createObject(clusterAt(t, url), 'secrets', secret)
  t.match(object, { kind: 'Secret', metadata: { uid: 'u' } })
  t.equal(
    received[0]?.headers.accept,
    'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json'
  )
})
