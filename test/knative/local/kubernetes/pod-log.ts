import { ApiException, Log } from '@kubernetes/client-node'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import {
  hasEnded,
  jobOf,
  type Kubernetes,
  logOf,
  namespace,
  podOf,
  shell,
  testKubernetes
} from '../../../support/local-kubernetes.ts'
import { poll } from '../../../support/poll.ts'

async function bytesOf ({ config }: Kubernetes, pod: string, options: object = {}): Promise<Buffer> {
  const stream = new PassThrough()
  await new Log(config).log(namespace, pod, 'main', stream, options)
  return await buffer(stream)
}

await t.test('a log has the bytes that the container wrote', async (t) => {
  const kubernetes = await testKubernetes(t)
  const script = 'process.stdout.write(Buffer.from([10, 0, 255, 10, 195])); process.stderr.write("two\\r\\n\\nfour")'
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf('bytes', [{ name: 'main', image: 'none', command: ['node', '-e', script] }])
  })
  const pod = (await podOf(kubernetes, 'bytes', hasEnded)).metadata!.name!
  const all = Buffer.from('\n\x00\xff\n\xc3two\r\n\nfour', 'latin1')
  t.same(await bytesOf(kubernetes, pod), all)
  t.same(await bytesOf(kubernetes, pod, { limitBytes: 3 }), all.subarray(0, 3))
  t.same(await bytesOf(kubernetes, pod, { tailLines: 2, limitBytes: 3 }), Buffer.from('\nfo'))
  for (const [tailLines, start] of [[1, 11], [2, 10], [3, 4], [4, 1], [5, 0], [9, 0]] as const) {
    t.same(await bytesOf(kubernetes, pod, { tailLines }), all.subarray(start), `the last ${tailLines}`)
  }
})

await t.test('a long log returns its last lines', async (t) => {
  const kubernetes = await testKubernetes(t)
  await kubernetes.batch.createNamespacedJob({ namespace, body: jobOf('long', [shell('main', 'seq 100000')]) })
  const pod = (await podOf(kubernetes, 'long', hasEnded)).metadata!.name!
  const lines = (await bytesOf(kubernetes, pod, { tailLines: 30_000 })).toString().split('\n')
  t.same([lines.length, lines[0], lines.at(-2), lines.at(-1)], [30_001, '70001', '100000', ''])
})

await t.test('a followed log continues until the container has ended', async (t) => {
  const kubernetes = await testKubernetes(t)
  const script = 'echo one; until [ -e /v/go ]; do sleep 0.02; done; echo two'
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf('follow', [shell('main', script, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })], {}, {
      volumes: [{ name: 'v', emptyDir: {} }]
    })
  })
  const { metadata } = await podOf(kubernetes, 'follow', ({ status }) => status?.containerStatuses?.[0]?.state?.running)
  const stream = new PassThrough()
  await new Log(kubernetes.config).log(namespace, metadata!.name!, 'main', stream, { follow: true })
  const [first] = await once(stream, 'data')
  t.equal(String(first), 'one\n')
  writeFileSync(`${kubernetes.dir}/pods/${metadata!.uid}/volumes/v/go`, '')
  t.equal(String(await buffer(stream)), 'two\n')
})

await t.test('an impossible request for a log is refused', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { batch, core } = kubernetes
  await batch.createNamespacedJob({
    namespace,
    body: jobOf('refused', [{ name: 'main', image: 'none' }, shell('other', 'echo x')])
  })
  const pod = await podOf(
    kubernetes,
    'refused',
    ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull'
  )
  const name = pod.metadata!.name!
  for (
    const [query, message] of [
      [{ container: 'main' }, /container \\"main\\" in pod \\"refused-.*\\" is waiting to start: ErrImagePull/],
      [{ container: 'absent' }, /container absent is not valid/],
      [{}, /a container name must be specified .* choose one of: \[main other\]/],
      [{ container: 'other', sinceSeconds: 5 }, /does not support sinceSeconds/]
    ] as const
  ) {
    await t.rejects(core.readNamespacedPodLog({ namespace, name, ...query }), {
      constructor: ApiException,
      code: 400,
      body: message
    })
  }
  await poll('the log', async () => await logOf(kubernetes, pod, 'other') === 'x\n')
  await core.deleteNamespacedPod({ namespace, name })
  await poll(
    'no log without its pod',
    async () => await logOf(kubernetes, pod, 'other').catch(({ code }) => code === 404)
  )
})
