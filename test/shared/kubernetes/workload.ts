import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import t from 'tap'
import {
  couldNotStart,
  failedContainer,
  hasStarted,
  WORKLOAD_ANNOTATION,
  workloadStatus
} from '../../../shared/kubernetes/workload.ts'

const at = new Date('2026-11-22T12:00:00Z')
const status = (name: string, state: object): V1ContainerStatus => ({ name, state }) as V1ContainerStatus
const ended = (name: string, exitCode: number): V1ContainerStatus =>
  status(name, { terminated: { exitCode, startedAt: at } })

await t.test('the workload is found by its name, wherever a mesh puts its proxy', async (t) => {
  const pod = (annotations?: Record<string, string>): V1Pod => ({
    metadata: { ...(annotations && { annotations }) },
    spec: { containers: [{ name: 'proxy' }, { name: 'main' }] },
    status: { containerStatuses: [ended('proxy', 0), ended('main', 3)] }
  })
  t.equal(workloadStatus(pod({ [WORKLOAD_ANNOTATION]: 'main' }))?.name, 'main')
  t.equal(workloadStatus(pod())?.name, 'proxy', 'a pod that an earlier release made')
  t.equal(workloadStatus(pod({ [WORKLOAD_ANNOTATION]: 'gone' })), undefined)
  t.equal(failedContainer(pod({ [WORKLOAD_ANNOTATION]: 'proxy' }))?.name, 'main')
})

await t.test('a program that could not be started has not run', async (t) => {
  const terminated = (more: object) => status('a', { terminated: { exitCode: 128, startedAt: at, ...more } })
  for (
    const [one, couldNot, ran] of [
      [status('a', { running: { startedAt: at } }), false, true],
      [status('a', { waiting: {} }), false, false],
      [status('a', {}), false, false],
      [terminated({}), false, true],
      [terminated({ reason: 'StartError', startedAt: new Date(0) }), true, false],
      [terminated({ reason: 'ContainerCannotRun' }), true, false],
      [terminated({ reason: 'Error', startedAt: new Date(0) }), true, false],
      // The node cannot say what became of it.
      [terminated({ reason: 'ContainerStatusUnknown', startedAt: undefined }), false, false]
    ] as const
  ) t.same([couldNotStart(one), hasStarted(one)], [couldNot, ran], JSON.stringify(one))
})

await t.test('the container because of which a pod failed: the workload, or the first other one, but no sidecar', async (t) => {
  const failed = (init: V1ContainerStatus[], containers: V1ContainerStatus[]) =>
    failedContainer({
      metadata: { annotations: { [WORKLOAD_ANNOTATION]: 'main' } },
      spec: { initContainers: [{ name: 'uploader', restartPolicy: 'Always' }, { name: 'fetch' }], containers: [] },
      status: { initContainerStatuses: init, containerStatuses: containers }
    })?.name
  t.equal(failed([ended('uploader', 137), ended('fetch', 0)], [ended('main', 0), ended('b', 0)]), undefined)
  t.equal(failed([ended('uploader', 137), ended('fetch', 22)], [status('main', { waiting: {} })]), 'fetch')
  t.equal(failed([], [ended('b', 5), ended('main', 0)]), 'b')
  t.equal(failed([], [ended('b', 5), ended('main', 3)]), 'main')
})
