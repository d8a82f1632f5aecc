import type { V1Pod } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import { isProblem } from '../../../shared/http/problem.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import type { Cluster } from '../../../shared/kubernetes/cluster.ts'
import { isLostLog, noteLostLog } from '../../../shared/job/lost-log.ts'
import { keepLog } from '../../../shared/kubernetes/keep-log.ts'
import { logKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, getTags } from '../../../shared/store/object-store.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { clusterAt } from '../../support/cluster-at.ts'
import { httpServer } from '../../support/http-server.ts'
import { testStore } from '../../support/store.ts'

const store = await testStore(t)
const KEPT = 10 * 1024 * 1024
const at = new Date('2026-11-22T12:00:00Z')

const podIn = (state: object): V1Pod => ({
  metadata: { name: 'a-pod', uid: 'a pod', namespace: 'gx4ki-jobs' },
  spec: { containers: [{ name: 'main' }, { name: 'second' }] },
  status: {
    containerStatuses: [{ name: 'second', state: { running: { startedAt: at } } }, { name: 'main', state }] as
      & NonNullable<V1Pod['status']>['containerStatuses']
      & object
  }
})
const terminated = podIn({ terminated: { exitCode: 0, startedAt: at } })
const running = podIn({ running: { startedAt: at } })

/** An API server whose only pod has this log; `cut` breaks the connection after it. */
async function logServer (
  t: Test,
  log: Buffer | string,
  { cut = false } = {}
): Promise<{ cluster: Cluster, asked: string[] }> {
  const asked: string[] = []
  const { url } = await httpServer(t, (request, response) => {
    asked.push(request.url)
    response.writeHead(200, { 'content-type': 'text/plain' })
    if (cut) response.write(log, () => response.destroy())
    else response.end(log)
  })
  return { cluster: clusterAt(t, url), asked }
}

await t.test('the log of the workload is stored byte for byte, not that of other containers', async (t) => {
  const id = newJobId()
  const log = Buffer.concat([Buffer.from('größer\r\n'), Buffer.from([0xff, 0xfe, 0x00, 0x1b])])
  const { cluster, asked } = await logServer(t, log)
  t.equal(await keepLog(store, cluster, id, terminated, 'to its end'), true)
  t.same((await getObject(store, logKey(id)))!.body, log)
  t.same(asked, ['/api/v1/namespaces/gx4ki-jobs/pods/a-pod/log?container=main&follow=true'])
  t.equal(
    await keepLog(store, clusterAt(t, await closedUrl()), id, terminated, 'to its end'),
    true,
    'it is not read again'
  )
})

await t.test('only the end of a long log is stored, from the begin of a line', async (t) => {
  // 16 bytes a line, so that no line begins at the cut unless the length is a multiple of 16.
  const lines = (bytes: number): Buffer => Buffer.alloc(bytes, 'größe: 12,345\n')
  for (const size of [KEPT, KEPT + 16, KEPT + 3_000_001]) {
    const log = lines(size)
    const id = newJobId()
    await keepLog(store, (await logServer(t, log)).cluster, id, terminated, 'to its end')
    const { body } = (await getObject(store, logKey(id)))!
    t.ok(body.length <= KEPT && body.length > KEPT - 17, `${size}: ${body.length} bytes`)
    t.equal(body[0], log[0], 'it begins with the begin of a line')
    t.ok(body.equals(log.subarray(-body.length)), 'it is the end of the log')
  }
})

await t.test('a part of a log is stored until the complete log is available', async (t) => {
  const id = newJobId()
  t.equal(await keepLog(store, (await logServer(t, 'one\n')).cluster, id, running, 'so far'), false)
  t.same(await getTags(store, logKey(id)), { whole: 'false' })
  t.equal(await keepLog(store, (await logServer(t, 'less')).cluster, id, running, 'so far'), false)
  t.equal((await getObject(store, logKey(id)))!.body.toString(), 'one\n', 'another part does not replace it')
  t.equal(await keepLog(store, (await logServer(t, 'one\ntwo\n')).cluster, id, terminated, 'to its end'), true)
  t.equal((await getObject(store, logKey(id)))!.body.toString(), 'one\ntwo\n', 'the complete log replaces it')
})

await t.test('an interrupted log is stored, and read again later', async (t) => {
  const id = newJobId()
  t.equal(
    await keepLog(store, (await logServer(t, 'half', { cut: true })).cluster, id, terminated, 'to its end'),
    false
  )
  t.equal((await getObject(store, logKey(id)))!.body.toString(), 'half')
  t.equal(await keepLog(store, (await logServer(t, 'half and half')).cluster, id, terminated, 'to its end'), true)
  t.equal((await getObject(store, logKey(id)))!.body.toString(), 'half and half')
})

await t.test('a followed log is complete when its container has ended, not when the stream ends, as at a rotation', async (t) => {
  const outcome = async (pods: V1Pod[] | undefined): Promise<boolean> => {
    const id = newJobId()
    const { url } = await httpServer(t, (request, response) => {
      if (request.url.includes('/log?')) response.end('one\n')
      else if (pods === undefined) response.writeHead(500).end()
      else {
        response.writeHead(200, { 'content-type': 'application/json' }).end(
          JSON.stringify({ kind: 'PodList', apiVersion: 'v1', items: pods })
        )
      }
    })
    const isWhole = await keepLog(store, clusterAt(t, url), id, running, 'to its end')
    t.equal((await getObject(store, logKey(id)))!.body.toString(), 'one\n')
    t.same(await getTags(store, logKey(id)), { whole: String(isWhole) })
    return isWhole
  }
  t.equal(await outcome([running]), false, 'the container is still running')
  t.equal(await outcome(undefined), false, 'the state of the pod is unknown')
  t.equal(await outcome([{ ...running, metadata: { uid: 'another' } }, terminated]), true)
  t.equal(await outcome([]), true, 'the pod is gone')
})

await t.test('an empty log is stored', async (t) => {
  const id = newJobId()
  t.equal(await keepLog(store, (await logServer(t, '')).cluster, id, terminated, 'to its end'), true)
  t.equal((await getObject(store, logKey(id)))!.body.length, 0)
})

await t.test('a container that never ran, or is gone, has no log', async (t) => {
  const id = newJobId()
  const { cluster, asked } = await logServer(t, 'never')
  for (const pod of [podIn({ waiting: { reason: 'ImagePullBackOff' } }), { ...terminated, status: {} }]) {
    t.equal(await keepLog(store, cluster, id, pod, 'to its end'), false)
  }
  t.same(asked, [])
  const { url } = await httpServer(t, (_, response) => response.writeHead(404).end('{}'))
  t.equal(await keepLog(store, clusterAt(t, url), id, terminated, 'to its end'), false)
  t.equal(await getObject(store, logKey(id)), undefined)
})

await t.test('a log that cannot be read is the problem kubernetes-unavailable', async (t) => {
  const id = newJobId()
  const broken = await httpServer(t, (_, response) => response.writeHead(500).end('the node is gone'))
  for (const url of [broken.url, await closedUrl()]) {
    t.ok(
      isProblem(
        await keepLog(store, clusterAt(t, url), id, terminated, 'to its end').catch((error) => error),
        'kubernetes-unavailable'
      )
    )
  }
  t.equal(await getObject(store, logKey(id)), undefined)
})

await t.test('a lost log is noted only when no log is stored', async (t) => {
  const [none, some, empty] = [newJobId(), newJobId(), newJobId()]
  await keepLog(store, (await logServer(t, 'so far')).cluster, some, running, 'so far')
  await keepLog(store, (await logServer(t, '')).cluster, empty, terminated, 'to its end')
  for (const id of [none, some, empty]) await noteLostLog(store, id)
  const lost = async (id: string): Promise<boolean> =>
    await isLostLog(store, id, (await getObject(store, logKey(id)))!.body.length)
  t.same([await lost(none), await lost(some), await lost(empty)], [true, false, false])
  t.equal((await getObject(store, logKey(some)))!.body.toString(), 'so far')
})
