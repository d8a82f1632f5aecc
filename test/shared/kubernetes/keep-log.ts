import type { V1Pod } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import { isProblem } from '../../../shared/http/problem.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import type { Cluster } from '../../../shared/kubernetes/cluster.ts'
import { isLostLog, noteLostLog } from '../../../shared/job/lost-log.ts'
import { hasLog, keepLog } from '../../../shared/kubernetes/keep-log.ts'
import { logKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, getTags, putObject } from '../../../shared/store/object-store.ts'
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
    containerStatuses: [{ name: 'second', state: { terminated: { exitCode: 0, startedAt: at } } }, { name: 'main', state }] as
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
  t.same(asked, ['/api/v1/namespaces/gx4ki-jobs/pods/a-pod/log?container=main&follow=false'])
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
  t.same(await getTags(store, logKey(id)), { whole: 'false', attempt: 'a pod', before: '0' })
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

await t.test('what the kubelet says when it cannot read a log is not stored', async (t) => {
  const id = newJobId()
  const words = 'failed to create fsnotify watcher: too many open files'
  const keep = async (log: string) =>
    await keepLog(store, (await logServer(t, log)).cluster, id, running, 'to its end')
  t.equal(await keep(words), false)
  t.equal(await getObject(store, logKey(id)), undefined)
  t.equal(await keep(`half${words}`), false, 'it is not the whole log')
  t.equal((await getObject(store, logKey(id)))!.body.toString(), 'half')
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
    t.same(await getTags(store, logKey(id)), { whole: String(isWhole), attempt: 'a pod', before: '0' })
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

/** A pod whose workload, `main`, and whose other containers ended with these exit codes. */
function endedPod (codes: Record<string, number | 'running'>, uid = 'a pod', initCode?: number): V1Pod {
  const stateOf = (code: number | 'running') =>
    code === 'running' ? { running: { startedAt: at } } : { terminated: { exitCode: code, startedAt: at } }
  const statuses = Object.entries(codes).map(([name, code]) => ({ name, state: stateOf(code) }))
  const init = initCode === undefined ? [] : [{ name: 'fetch-inputs', state: stateOf(initCode) }]
  return {
    metadata: { name: 'a-pod', uid, annotations: { 'gx4ki.io/workload': 'main' } },
    spec: { containers: [{ name: 'proxy' }, { name: 'main' }, { name: 'recorder' }] },
    status: { initContainerStatuses: init, containerStatuses: statuses } as unknown as NonNullable<V1Pod['status']>
  }
}

/** An API server with a log for each container, and with these pods. */
async function logsServer (t: Test, logs: Record<string, string>, pods: V1Pod[] = []): Promise<Cluster> {
  const { url } = await httpServer(t, (request, response) => {
    const container = new URL(request.url, 'http://a').searchParams.get('container')
    if (container === null) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({ kind: 'PodList', apiVersion: 'v1', items: pods })
      )
    } else if (logs[container] === undefined) response.writeHead(404).end('{}')
    else response.end(logs[container])
  })
  return clusterAt(t, url)
}

const keptOf = async (id: string): Promise<string | undefined> => (await getObject(store, logKey(id)))?.body.toString()

await t.test('when another container failed, the end of its log follows that of the workload', async (t) => {
  const pod = endedPod({ proxy: 0, main: 0, recorder: 5 })
  const line = '--- the container recorder ended with exit code 5, and its log with this: ---\n'
  for (const own of ['sim ok\n', 'sim ok', '']) {
    const id = newJobId()
    const cluster = await logsServer(t, { main: own, recorder: 'no space left\n', proxy: 'proxy\n' })
    t.equal(await keepLog(store, cluster, id, pod, 'to its end'), true)
    t.equal(await keptOf(id), `${own === '' ? '' : 'sim ok\n'}${line}no space left\n`)
  }
  const id = newJobId()
  const lines = 'a line of a very long log\n'.repeat(10_000)
  await keepLog(store, await logsServer(t, { main: 'sim ok\n', recorder: lines }), id, pod, 'to its end')
  const kept = (await keptOf(id))!
  t.ok(kept.startsWith(`sim ok\n${line}a line of`), 'whole lines')
  t.ok(kept.length < 65_700 && kept.length > 65_000, `${kept.length} bytes`)
  t.ok(kept.endsWith('a line of a very long log\n'))
  const full = newJobId()
  const sixteen = 'a line of 16 byt\n'.repeat(800_000)
  await keepLog(store, await logsServer(t, { main: sixteen, recorder: lines }), full, pod, 'to its end')
  const both = (await getObject(store, logKey(full)))!.body
  t.ok(both.length <= KEPT && both.length > KEPT - 20, 'both together are within the limit')
  t.ok(both.includes(line))
})

await t.test('when the workload never ran, the log of the container that failed is kept alone', async (t) => {
  const id = newJobId()
  const pod = { ...endedPod({}, 'a pod', 22) }
  pod.status!.containerStatuses = [{ name: 'main', state: { waiting: { reason: 'PodInitializing' } } }] as
    NonNullable<V1Pod['status']>['containerStatuses'] & object
  t.equal(hasLog(pod), true)
  t.equal(await keepLog(store, await logsServer(t, { 'fetch-inputs': 'curl: (22)\n' }), id, pod, 'to its end'), true)
  t.equal(
    await keptOf(id),
    '--- the container fetch-inputs ended with exit code 22, and its log with this: ---\ncurl: (22)\n'
  )
})

await t.test('a workload that failed itself, or that could not be started, brings no other log', async (t) => {
  const id = newJobId()
  const cluster = await logsServer(t, { main: 'oh no\n', recorder: 'no\n' })
  t.equal(await keepLog(store, cluster, id, endedPod({ main: 3, recorder: 5 }), 'to its end'), true)
  t.equal(await keptOf(id), 'oh no\n')
  const state = { terminated: { exitCode: 128, reason: 'StartError', startedAt: new Date(0) } }
  t.equal(hasLog(podIn(state)), false)
  t.equal(await keepLog(store, cluster, newJobId(), podIn(state), 'to its end'), false)
})

await t.test('the log of a workload that ended well is complete when no other container runs', async (t) => {
  const id = newJobId()
  const logs = { main: 'sim ok\n', recorder: 'no\n' }
  const still = endedPod({ main: 0, recorder: 'running' })
  t.equal(await keepLog(store, await logsServer(t, logs), id, still, 'to its end'), false)
  t.equal(await keptOf(id), 'sim ok\n')
  const running = endedPod({ main: 'running', recorder: 'running' })
  const pods = [endedPod({ main: 0, recorder: 5 })]
  t.equal(await keepLog(store, await logsServer(t, logs, pods), id, running, 'to its end'), true)
  t.match(await keptOf(id), /^sim ok\n--- the container recorder .*\nno\n$/, 'the pod is looked at again')
})

await t.test('a log that is stored against expectation counts like one that is looked for', async (t) => {
  const kept = async (before: string, uid: string, isWhole: boolean) => {
    const id = newJobId()
    await putObject(store, logKey(id), before, { whole: String(isWhole), attempt: uid }, 'unconditional', 'text/plain')
    const cluster = await logsServer(t, { main: 'new\n' })
    t.equal(await keepLog(store, cluster, id, endedPod({ main: 0 }, 'this pod'), 'to its end', true), true)
    t.match(await getTags(store, logKey(id)), { whole: 'true', attempt: 'this pod' })
    return await keptOf(id)
  }
  t.equal(await kept('old\n', 'this pod', true), 'old\n', 'a complete log stays')
  t.equal(await kept('old\n', 'this pod', false), 'new\n', 'a part does not')
  t.equal(await kept('old\n', 'another pod', true), 'new\n', 'nor does the log of another pod')

  const id = newJobId()
  const cluster = await logsServer(t, { main: 'new\n' })
  t.equal(await keepLog(store, cluster, id, endedPod({ main: 0 }), 'to its end', true), true)
  t.equal(await keptOf(id), 'new\n')
})

await t.test('the log of a later pod replaces that of a pod that was taken away', async (t) => {
  const id = newJobId()
  const keep = async (log: string, uid: string, extent: 'so far' | 'to its end') =>
    await keepLog(store, await logsServer(t, { main: log }), id, endedPod({ main: 0 }, uid), extent)
  t.equal(await keep('first\n', 'first', 'to its end'), true)
  t.equal(await keep('changed\n', 'first', 'to its end'), true)
  t.equal(await keptOf(id), 'first\n')
  await keep('second\n', 'second', 'so far')
  t.equal(await keptOf(id), 'second\n')
  await keep('third\n', 'third', 'to its end')
  t.equal(await keptOf(id), 'third\n')
})
