import type { V1ContainerStatus, V1Job, V1Pod } from '@kubernetes/client-node'
import t from 'tap'
import { judge } from '../../../functions/job-completed/judge.ts'
import { WORKLOAD_ANNOTATION } from '../../../shared/kubernetes/workload.ts'
import { newRecord } from '../../support/new-record.ts'

const at = new Date('2026-11-22T12:00:00Z')
const never = new Date(0)

const failedJob = (reason = 'BackoffLimitExceeded', spec?: object): V1Job => ({
  metadata: { uid: 'job' },
  ...(spec && { spec: spec as V1Job['spec'] & object }),
  status: {
    conditions: [{
      type: 'Failed',
      status: 'True',
      reason,
      message: 'Job has reached the specified backoff limit',
      lastTransitionTime: at
    }]
  }
})

const ended = (name: string, exitCode: number, more: object = {}): V1ContainerStatus => ({
  name,
  state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: at, ...more } }
} as V1ContainerStatus)

const waiting = (name: string): V1ContainerStatus =>
  ({ name, state: { waiting: { reason: 'PodInitializing' } } }) as V1ContainerStatus

/** A pod as a mesh leaves it: its proxy comes first, in the spec and in the status. */
function podOf (status: V1Pod['status'], containers: object[] = [{ name: 'main' }]): V1Pod {
  return {
    metadata: { uid: 'pod', annotations: { [WORKLOAD_ANNOTATION]: 'main' } },
    spec: {
      initContainers: [{ name: 'uploader', restartPolicy: 'Always' }, { name: 'fetch-inputs' }],
      containers: [{ name: 'istio-proxy' }, ...containers] as (V1Pod['spec'] & object)['containers']
    },
    status: {
      phase: 'Failed',
      ...status,
      containerStatuses: [ended('istio-proxy', 0), ...status?.containerStatuses ?? []]
    }
  }
}

const judged = (pod: V1Pod | undefined, job = failedJob(), more: object = {}) =>
  judge(newRecord({ state: 'pending', job_uid: 'job', ...more }), {
    job,
    pods: pod === undefined ? [] : [pod],
    results: undefined
  }, at)

const condition = (reason: string, message: string) => ({
  conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message }]
})

await t.test('a pod that the cluster took away', async (t) => {
  for (
    const [reason, message] of [
      ['EvictionByEvictionAPI', 'Eviction API: evicting'],
      ['PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod'],
      ['DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint'],
      ['DeletionByPodGC', 'PodGC: node no longer exists'],
      ['TerminationByKubelet', 'Pod was terminated in response to imminent node shutdown.']
    ] as const
  ) {
    const pod = podOf({ ...condition(reason, message), containerStatuses: [ended('main', 143)] })
    const sentence = message.replace(/\.$/, '')
    t.match(judged(pod), {
      state: 'failed',
      reason,
      message: `The cluster took the pod away. ${sentence}. It was not the fault of the program; start the job again.`,
      exit_code: 143,
      started_at: at.toISOString()
    })
  }
  const untrue = { conditions: [{ type: 'DisruptionTarget', status: 'False', reason: 'PreemptionByScheduler' }] }
  t.match(judged(podOf({ ...untrue, containerStatuses: [ended('main', 3)] })), { reason: 'BackoffLimitExceeded' })
})

await t.test('a pod that was evicted: for what its node lacks, or for what it wrote', async (t) => {
  const evicted = (message: string) => judged(podOf({
    ...condition('TerminationByKubelet', message),
    reason: 'Evicted',
    message,
    containerStatuses: [ended('main', 137)]
  }))
  t.match(
    evicted('The node was low on resource: memory. Container main was using 15Gi, which exceeds its request of 0. '),
    { reason: 'Evicted', message: /took the pod away. The node was low .* start the job again\.$/, exit_code: 137 }
  )
  for (
    const message of [
      'Usage of EmptyDir volume "results" exceeds the limit "10Gi". ',
      'Container main exceeded its local ephemeral storage limit "1Gi". '
    ]
  ) {
    const { reason, message: told } = evicted(message)
    t.equal(reason, 'Evicted')
    t.match(told, /^The pod wrote more than it may: .*"\. Raise the sizeLimit/)
    t.notMatch(told, /not the fault/)
  }
  t.match(
    judged(podOf({ reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the deadline' })),
    { reason: 'DeadlineExceeded', message: /^The pod took longer than its own activeDeadlineSeconds/ }
  )
})

await t.test('a container that used more memory than its limit', async (t) => {
  t.match(judged(podOf({ containerStatuses: [ended('main', 137, { reason: 'OOMKilled' })] })), {
    reason: 'OOMKilled',
    message: /^The container main used more memory than its limit and was killed, exit code 137 \(SIGKILL\)\. Raise/,
    exit_code: 137
  })
  t.match(judged(podOf({ containerStatuses: [ended('main', 0), ended('recorder', 137, { reason: 'OOMKilled' })] })), {
    reason: 'ContainerFailed',
    message: /^The container recorder failed with exit code 137 \(SIGKILL\); .* It used more memory than its limit\. /,
    exit_code: 0
  })
})

await t.test('a program that could not be started has no start', async (t) => {
  const message = 'failed to create containerd task: exec: "python4": executable file not found in $PATH'
  const change = judged(
    podOf({ containerStatuses: [ended('main', 128, { reason: 'StartError', startedAt: never, message })] })
  )
  t.match(change, {
    state: 'failed',
    reason: 'StartError',
    message: `The container main could not start: ${message}. Check its image and its command in the template.`
  })
  t.notOk('started_at' in change)
  t.notOk('exit_code' in change)
  t.match(
    judged(podOf({ containerStatuses: [ended('main', 127, { reason: 'ContainerCannotRun', message: 'no' })] })),
    { reason: 'ContainerCannotRun', message: /^The container main could not start: no\. / }
  )
})

await t.test('a secret value that the kubelet has put into a command is not told', async (t) => {
  const pod = podOf({
    containerStatuses: [ended('main', 128, {
      reason: 'StartError',
      startedAt: never,
      message: 'exec: "run --password hunter2": executable file not found in $PATH'
    })]
  }, [{ name: 'main', command: ['run --password $(PASSWORD)'] }])
  t.equal(judged(pod).message, 'The container main could not start. Check its image and its command in the template.')
  const stuck = {
    ...podOf({ phase: 'Pending' }, [{ name: 'main', volumeMounts: [{ name: 'a', subPathExpr: '$(PASSWORD)' }] }])
  }
  stuck.status!.containerStatuses = [{
    name: 'main',
    state: { waiting: { reason: 'CreateContainerConfigError', message: 'failed to prepare subPath hunter2' } }
  } as V1ContainerStatus]
  const { reason, message } = judged(stuck, { metadata: { uid: 'job' }, status: {} })
  t.equal(reason, 'CreateContainerConfigError')
  t.match(message, /^A ConfigMap, a Secret or a key .* root \(container main\)\. Make it in the namespace of the jobs/)
  t.notMatch(message, /hunter2/)
  const words = podOf({ containerStatuses: [ended('main', 3, { message: 'login as hunter2 failed' })] })
  t.notMatch(judged(words).message, /hunter2/, 'nor what the program wrote')
})

await t.test('a container other than the workload', async (t) => {
  const inputs = podOf({
    initContainerStatuses: [{ ...ended('uploader', 137) }, ended('fetch-inputs', 22)],
    containerStatuses: [waiting('main')]
  })
  const change = judged(inputs)
  t.match(change, {
    reason: 'InitContainerFailed',
    message: 'The init container fetch-inputs failed with exit code 22, so the workload did not start. Its last lines are ' +
      'in the log.'
  })
  t.notOk('started_at' in change)
  t.notOk('exit_code' in change)
  t.match(judged(podOf({ containerStatuses: [ended('main', 0), ended('recorder', 5)] })), {
    reason: 'ContainerFailed',
    message: 'The container recorder failed with exit code 5; the workload, container main, ended with exit code 0. Its ' +
      'last lines are at the end of the log.',
    exit_code: 0
  })
  t.match(judged(podOf({ containerStatuses: [ended('recorder', 5), ended('main', 3)] })), {
    reason: 'BackoffLimitExceeded',
    message: 'The workload, container main, ended with exit code 3. The container recorder failed too, with exit code 5. ' +
      'Its log may say why.',
    exit_code: 3
  })
})

await t.test('a container other than the workload that could not be started', async (t) => {
  const start = (name: string) =>
    ended(name, 128, { reason: 'StartError', startedAt: never, message: `exec: "${name}": not found` })
  t.match(judged(podOf({ initContainerStatuses: [start('fetch-inputs')], containerStatuses: [waiting('main')] })), {
    reason: 'InitContainerFailed',
    message: 'The init container fetch-inputs could not start, so the workload did not start. exec: "fetch-inputs": not ' +
      'found. Check its image and its command in the template.'
  })
  t.match(judged(podOf({ containerStatuses: [ended('main', 0), start('recorder')] })), {
    reason: 'ContainerFailed',
    message: 'The container recorder could not start; the workload, container main, ended with exit code 0. exec: ' +
      '"recorder": not found. Check its image and its command in the template.'
  })
  const secret = judged(podOf(
    { containerStatuses: [ended('main', 0), start('recorder')] },
    [{ name: 'main' }, { name: 'recorder', command: ['$(PASSWORD)'] }]
  ))
  t.notMatch(secret.message, /exec/, 'the runtime may quote a secret value')
})

await t.test('plain exit codes and signals of a workload behind a proxy', async (t) => {
  for (
    const [code, words] of [
      [1, '1'],
      [127, '127'],
      [131, '131 (often SIGQUIT)'],
      [137, '137 (often SIGKILL)'],
      [138, '138 (often SIGUSR1)'],
      [139, '139 (often SIGSEGV)'],
      [143, '143 (often SIGTERM)'],
      [152, '152 (often SIGXCPU)'],
      [153, '153 (often SIGXFSZ)'],
      [200, '200']
    ] as const
  ) {
    t.match(judged(podOf({ containerStatuses: [ended('main', code)] })), {
      reason: 'BackoffLimitExceeded',
      message: `The workload, container main, ended with exit code ${words}. Its log may say why.`,
      exit_code: code
    })
  }
})

await t.test('a Job that took too long, and what it waited for', async (t) => {
  const job = failedJob('DeadlineExceeded', { activeDeadlineSeconds: 60 })
  const began = { state: 'running', started_at: at.toISOString() }
  t.match(judged(undefined, job, began), {
    reason: 'DeadlineExceeded',
    message: 'The job took longer than activeDeadlineSeconds of its template, 60 s. Raise it in the template, or let the ' +
      'job do less.'
  })
  t.match(judged(undefined, job, { reason: 'ImagePullBackOff', message: 'Back-off pulling image "a" (container main).' }), {
    reason: 'DeadlineExceeded',
    message: 'The job took longer than activeDeadlineSeconds of its template, 60 s. At last it waited for this: ' +
      'ImagePullBackOff: Back-off pulling image "a" (container main).'
  })
})

await t.test('a Job without a pod has the words of Kubernetes', async (t) => {
  t.match(judged(undefined), {
    reason: 'BackoffLimitExceeded',
    message: 'Job has reached the specified backoff limit.'
  })
  t.match(judged(podOf({ containerStatuses: [ended('main', 0)] }), failedJob('PodFailurePolicy')), {
    reason: 'PodFailurePolicy',
    message: 'Job has reached the specified backoff limit.'
  })
})
