import type { V1ContainerStatus, V1Job, V1JobStatus, V1Pod } from '@kubernetes/client-node'
import t from 'tap'
import { judge, type Seen } from '../../../functions/job-completed/judge.ts'
import { advance } from '../../../shared/job/advance.ts'
import type { Change, JobRecord, StopReason } from '../../../shared/job/job-record.ts'
import type { ResultCounts } from '../../../shared/job/result-counts.ts'
import { newRecord } from '../../support/new-record.ts'

const now = new Date('2026-11-22T13:00:00.456Z')
const at = (time: string): Date => new Date(`2026-11-22T${time}Z`)

/** Statuses of Jobs, recorded from a real controller. */
const recorded = {
  created: {},
  active: { active: 1, ready: 0, startTime: at('12:58:26'), terminating: 0, uncountedTerminatedPods: {} },
  ready: { active: 1, ready: 1, startTime: at('12:58:26'), terminating: 0, uncountedTerminatedPods: {} },
  counting: {
    ready: 0,
    startTime: at('12:58:52'),
    terminating: 0,
    uncountedTerminatedPods: { failed: ['31b9da77-391c-4b30-a891-7b65d6b0ce56'] }
  },
  retrying: { active: 1, failed: 1, ready: 1, startTime: at('12:58:52'), terminating: 0, uncountedTerminatedPods: {} },
  successDecided: {
    conditions: conditions('12:58:34', 'SuccessCriteriaMet', 'CompletionsReached'),
    ready: 0,
    startTime: at('12:58:26'),
    terminating: 0,
    uncountedTerminatedPods: { succeeded: ['6044f060-2a0d-4fd2-888d-d57f5aa79317'] }
  },
  complete: {
    completionTime: at('12:58:34'),
    conditions: [
      ...conditions('12:58:34', 'SuccessCriteriaMet', 'CompletionsReached'),
      ...conditions('12:58:35', 'Complete', 'CompletionsReached')
    ],
    ready: 0,
    startTime: at('12:58:26'),
    succeeded: 1,
    terminating: 0,
    uncountedTerminatedPods: {}
  },
  deadlineDecided: {
    conditions: conditions('12:59:27', 'FailureTarget', 'DeadlineExceeded'),
    failed: 1,
    ready: 0,
    startTime: at('12:59:23'),
    terminating: 1,
    uncountedTerminatedPods: {}
  },
  deadline: {
    conditions: [
      ...conditions('12:59:27', 'FailureTarget', 'DeadlineExceeded'),
      ...conditions('12:59:30', 'Failed', 'DeadlineExceeded')
    ],
    failed: 1,
    ready: 0,
    startTime: at('12:59:23'),
    terminating: 0,
    uncountedTerminatedPods: {}
  },
  failed: {
    conditions: [
      ...conditions('12:59:39', 'FailureTarget', 'BackoffLimitExceeded'),
      ...conditions('12:59:39', 'Failed', 'BackoffLimitExceeded')
    ],
    failed: 1,
    ready: 0,
    startTime: at('12:59:33'),
    terminating: 0,
    uncountedTerminatedPods: {}
  },
  suspended: { conditions: conditions('12:58:20', 'Suspended', 'JobSuspended') }
} satisfies Record<string, V1JobStatus>

function conditions (time: string, type: string, reason: string): NonNullable<V1JobStatus['conditions']> {
  return [{ lastProbeTime: at(time), lastTransitionTime: at(time), message: 'a message', reason, status: 'True', type }]
}

const jobWith = (status: V1JobStatus, metadata: V1Job['metadata'] = {}): V1Job => ({
  metadata: { uid: 'job', ...metadata },
  status
})

function podWith (status: V1Pod['status'], uid = 'pod', creationTimestamp = at('12:58:26')): V1Pod {
  return {
    metadata: { uid, creationTimestamp },
    spec: { containers: [{ name: 'workload' }, { name: 'second' }] },
    ...(status && { status })
  }
}

/** A pod whose workload has this state. A second container must not be mistaken for the workload. */
function podIn (phase: string, state: V1ContainerStatus['state'], more: V1Pod['status'] = {}): V1Pod {
  const second = {
    name: 'second',
    state: { terminated: { exitCode: 99, startedAt: at('12:00:00'), finishedAt: at('12:00:01') } }
  }
  return podWith({
    phase,
    ...more,
    containerStatuses: [second, { name: 'workload', ...(state && { state }) }] as V1ContainerStatus[]
  })
}

const terminated = (exitCode: number, reason: string): V1ContainerStatus['state'] => ({
  terminated: { exitCode, reason, startedAt: at('12:58:28'), finishedAt: at('12:58:33') }
})
const waiting = (reason: string): V1ContainerStatus['state'] => ({ waiting: { reason } })
const started = { attempt: 'pod', started_at: '2026-11-22T12:58:28.000Z' }
const running = podIn('Running', { running: { startedAt: at('12:58:28') } })
const taken = podIn('Running', { running: { startedAt: at('12:58:28') } }, {
  conditions: [{
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting'
  }]
})
const succeeded = podIn('Succeeded', terminated(0, 'Completed'))
const failed = podIn('Failed', terminated(3, 'Error'))
const stop = (time: string, reason: StopReason = 'CancelRequested'): Partial<JobRecord> => ({
  state: 'running',
  started_at: started.started_at,
  stop: { reason, at: `2026-11-22T${time}Z` }
})

const all: ResultCounts = { files: 2, bytes: 7, complete: true, left_out: [], left_out_count: 0 }
/** Some results: what was stored when the uploader was killed, without a manifest. */
const some: ResultCounts = { ...all, complete: false }
/** The results of an uploader that could not store these files. */
function without (names: string[], count = names.length): ResultCounts {
  return { ...some, left_out: names.map((name) => ({ name, reason: 'it is too odd' })), left_out_count: count }
}

type Situation = [name: string, record: Partial<JobRecord>, seen: Partial<Seen>, expected: Change]

const situations: Situation[] = [
  // Not ended
  ['a Job without a status', {}, { job: jobWith(recorded.created) }, {
    state: 'pending',
    reason: null
  }],
  ['a Job without a pod', {}, { job: jobWith(recorded.active) }, { state: 'pending', reason: null }],
  ['a suspended Job', {}, { job: jobWith(recorded.suspended) }, { state: 'pending', reason: 'Suspended' }],
  ['a suspended Job without the condition yet', {}, {
    job: { ...jobWith(recorded.created), spec: { suspend: true } as V1Job['spec'] & object }
  }, { state: 'pending', reason: 'Suspended' }],
  ['a resumed Job that still has the condition', {}, {
    job: { ...jobWith(recorded.suspended), spec: { suspend: false } as V1Job['spec'] & object }
  }, { state: 'pending', reason: null }],
  [
    'a Job that is no longer suspended',
    {},
    { job: jobWith({ conditions: [{ type: 'Suspended', status: 'False' }] }) },
    { state: 'pending', reason: null }
  ],
  ['an unschedulable pod', {}, {
    job: jobWith(recorded.active),
    pods: [
      podWith({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }] })
    ]
  }, { state: 'pending', reason: 'Unschedulable', attempt: 'pod' }],
  ['a scheduled pod', {}, {
    job: jobWith(recorded.active),
    pods: [podWith({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] })]
  }, { state: 'pending', reason: null, attempt: 'pod' }],
  ['a pod whose container is being created', {}, {
    job: jobWith(recorded.active),
    pods: [podIn('Pending', waiting('ContainerCreating'))]
  }, { state: 'pending', reason: null, attempt: 'pod' }],
  ['a pod whose uploader starts', {}, {
    job: jobWith(recorded.active),
    pods: [podIn('Pending', waiting('PodInitializing'))]
  }, { state: 'pending', reason: null, attempt: 'pod' }],
  ['a pod with a bad image', {}, {
    job: jobWith(recorded.active),
    pods: [podIn('Pending', waiting('ImagePullBackOff'))]
  }, { state: 'pending', reason: 'ImagePullBackOff', attempt: 'pod' }],
  ['a pod whose uploader has a bad image', {}, {
    job: jobWith(recorded.active),
    pods: [
      podIn('Pending', waiting('PodInitializing'), {
        initContainerStatuses: [{ name: 'uploader', state: waiting('ErrImagePull') }] as V1ContainerStatus[]
      })
    ]
  }, { state: 'pending', reason: 'ErrImagePull', attempt: 'pod' }],
  ['a pod without its ConfigMap', {}, {
    job: jobWith(recorded.active),
    pods: [podIn('Pending', waiting('CreateContainerConfigError'))]
  }, { state: 'pending', reason: 'CreateContainerConfigError', attempt: 'pod' }],
  ['a workload that runs', {}, { job: jobWith(recorded.ready), pods: [running] }, {
    state: 'running',
    reason: null,
    ...started
  }],
  ['a workload that has ended before its Job', {}, { job: jobWith(recorded.active), pods: [failed] }, {
    state: 'running',
    reason: null,
    ...started,
    exit_code: 3
  }],
  ['a failure that is being counted', {}, { job: jobWith(recorded.counting), pods: [failed] }, {
    state: 'running',
    reason: null,
    ...started,
    exit_code: 3
  }],
  ['a retry', { state: 'running', started_at: '2026-11-22T12:58:54.000Z' }, {
    job: jobWith(recorded.retrying),
    pods: [failed, podWith({ phase: 'Pending' }, 'second', at('12:59:00'))]
  }, { state: 'running', reason: null, attempt: 'second', started_at: '2026-11-22T12:58:54.000Z' }],
  [
    'a retry after an attempt that has an exit code',
    { state: 'running', started_at: started.started_at, attempt: 'pod', exit_code: 3 },
    { job: jobWith(recorded.retrying), pods: [failed, podWith({ phase: 'Pending' }, 'second', at('12:59:00'))] },
    { state: 'running', reason: null, attempt: 'second', started_at: started.started_at, exit_code: null }
  ],
  [
    'an exit code that is in the record but not in the pod',
    { state: 'running', started_at: started.started_at, attempt: 'pod', exit_code: 3 },
    { job: jobWith(recorded.active), pods: [podWith({ phase: 'Failed' })] },
    { state: 'running', reason: null, ...started }
  ],
  ['suspended after it ran, with a pod that still runs', { state: 'running', started_at: started.started_at }, {
    job: jobWith(recorded.suspended),
    pods: [running]
  }, { state: 'running', reason: null, ...started }],
  ['suspended after it ran, with a failed pod left', { state: 'running', started_at: started.started_at }, {
    job: jobWith(recorded.suspended),
    pods: [failed]
  }, { state: 'running', reason: 'Suspended', ...started, exit_code: 3 }],
  ['suspended after it ran, without pods', { state: 'running', started_at: started.started_at, attempt: 'pod' }, {
    job: jobWith(recorded.suspended)
  }, { state: 'running', reason: 'Suspended', started_at: started.started_at }],
  ['resumed after it ran', { state: 'running', reason: 'Suspended', started_at: started.started_at }, {
    job: jobWith({ conditions: [{ type: 'Suspended', status: 'False' }] })
  }, { state: 'running', reason: null, started_at: started.started_at }],
  ['a Job with SuccessCriteriaMet but not Complete', {}, {
    job: jobWith(recorded.successDecided),
    pods: [succeeded],
    results: all
  }, { state: 'running', reason: null, ...started, exit_code: 0 }],
  ['a Job with FailureTarget but not Failed', {}, { job: jobWith(recorded.deadlineDecided), pods: [running] }, {
    state: 'running',
    reason: null,
    ...started
  }],
  ['a Job that another client deletes', {}, {
    job: jobWith(recorded.ready, { deletionTimestamp: at('12:59:00') }),
    pods: [running]
  }, {
    state: 'running',
    reason: 'JobDeleted',
    message: 'The Job is being deleted, and not by this installation. Start the job again.',
    ...started
  }],
  ['a pod that is being taken away', {}, { job: jobWith(recorded.ready), pods: [taken] }, {
    state: 'running',
    reason: 'EvictionByEvictionAPI',
    message: 'The cluster took the pod away. Eviction API: evicting. It was not the fault of the program; start the ' +
      'job again.',
    ...started
  }],
  ['an earlier pod that was taken away', { state: 'running', started_at: started.started_at }, {
    job: jobWith(recorded.retrying),
    pods: [taken, podWith({ phase: 'Pending' }, 'second', at('12:59:00'))]
  }, { state: 'running', reason: null, attempt: 'second', started_at: started.started_at }],
  ['a Job of which Kubernetes has just not made a pod', {}, { job: jobWith({ startTime: at('12:59:50') }) }, {
    state: 'pending',
    reason: null
  }],
  ['a Job of which Kubernetes makes no pod', {}, { job: jobWith({ startTime: at('12:59:30') }) }, {
    state: 'pending',
    reason: 'FailedCreate',
    message: 'Kubernetes has made no pod for the Job. Pod Security, a LimitRange or a quota may refuse it; the operator ' +
      'sees the cause with kubectl describe job.'
  }],
  ['the same, of which the API server warned', { message: 'would violate PodSecurity' }, {
    job: jobWith({ startTime: at('12:59:30') })
  }, {
    state: 'pending',
    reason: 'FailedCreate',
    message: 'Kubernetes has made no pod for the Job: would violate PodSecurity. Pod Security, a LimitRange or a quota ' +
      'may refuse it; the operator sees the cause with kubectl describe job.'
  }],
  ['a warning of the API server, until the workload runs', { message: 'would violate PodSecurity' }, {
    job: jobWith(recorded.active)
  }, { state: 'pending', reason: null }],
  ['a stop while it runs', stop('12:59:00.500'), {
    job: jobWith(recorded.ready, { deletionTimestamp: at('12:59:01') }),
    pods: [running]
  }, { state: 'running', reason: 'CancelRequested', ...started }],
  ['a stop while it waits', { stop: { reason: 'StartDeadlineExceeded', at: at('12:59:00').toISOString() } }, {
    job: jobWith(recorded.active),
    pods: [podIn('Pending', waiting('ImagePullBackOff'))]
  }, { state: 'pending', reason: 'StartDeadlineExceeded', attempt: 'pod' }],
  ['a condition that is not true', {}, {
    job: jobWith({ conditions: [{ type: 'Complete', status: 'False' }, { type: 'Failed', status: 'Unknown' }] })
  }, { state: 'pending', reason: null }],

  // Succeeded
  ['a complete Job with complete results', {}, {
    job: jobWith(recorded.complete),
    pods: [succeeded],
    results: all
  }, {
    state: 'succeeded',
    reason: null,
    results: all,
    ...started,
    exit_code: 0,
    finished_at: '2026-11-22T12:58:34.000Z'
  }],
  ['the same, while it is deleted after its TTL', {}, {
    job: jobWith(recorded.complete, { deletionTimestamp: at('12:59:00') }),
    pods: [succeeded],
    results: all
  }, {
    state: 'succeeded',
    reason: null,
    results: all,
    ...started,
    exit_code: 0,
    finished_at: '2026-11-22T12:58:34.000Z'
  }],
  ['the same, without its pod', { state: 'running', attempt: 'pod', started_at: started.started_at, exit_code: 0 }, {
    job: jobWith(recorded.complete),
    results: all
  }, {
    state: 'succeeded',
    reason: null,
    results: all,
    started_at: started.started_at,
    finished_at: '2026-11-22T12:58:34.000Z'
  }],
  ['a success before the stop', stop('12:58:35'), {
    job: jobWith(recorded.complete),
    pods: [succeeded],
    results: all
  }, {
    state: 'succeeded',
    reason: null,
    results: all,
    ...started,
    exit_code: 0,
    finished_at: '2026-11-22T12:58:34.000Z'
  }],
  ['a pod that succeeded and a newer pod that failed', {}, {
    job: jobWith(recorded.complete),
    pods: [podWith({ phase: 'Failed' }, 'later', at('12:58:30')), succeeded],
    results: all
  }, {
    state: 'succeeded',
    reason: null,
    results: all,
    ...started,
    exit_code: 0,
    finished_at: '2026-11-22T12:58:34.000Z'
  }],

  ['complete results, and a link that leads out of the folder', {}, {
    job: jobWith(recorded.complete),
    pods: [succeeded],
    results: { ...without(['latest']), complete: true }
  }, {
    state: 'succeeded',
    reason: null,
    results: { ...without(['latest']), complete: true },
    ...started,
    exit_code: 0,
    finished_at: '2026-11-22T12:58:34.000Z'
  }],

  // Failed
  ['a complete Job whose uploader stored nothing', {}, { job: jobWith(recorded.complete), pods: [succeeded] }, {
    state: 'failed',
    reason: 'ResultsIncomplete',
    message: 'The uploader was ended before it could say that all files are stored; 0 files with 0 bytes came up. The stored files are kept.',
    ...started,
    exit_code: 0,
    finished_at: '2026-11-22T12:58:34.000Z'
  }],
  ['a complete Job whose uploader was killed without a word', {}, {
    job: jobWith(recorded.complete),
    pods: [succeeded],
    results: some
  }, {
    state: 'failed',
    reason: 'ResultsIncomplete',
    message: 'The uploader was ended before it could say that all files are stored; 2 files with 7 bytes came up. The stored files are kept.',
    results: some,
    ...started,
    exit_code: 0,
    finished_at: '2026-11-22T12:58:34.000Z'
  }],
  ['a complete Job with one file left out', {}, {
    job: jobWith(recorded.complete),
    pods: [succeeded],
    results: without(['a\\x0a'])
  }, {
    state: 'failed',
    reason: 'ResultsIncomplete',
    message: 'Not all files could be stored: a\\x0a (it is too odd); 2 files with 7 bytes came up. The stored files are kept, and results.left_out names the others.',
    results: without(['a\\x0a']),
    ...started,
    exit_code: 0,
    finished_at: '2026-11-22T12:58:34.000Z'
  }],
  ['a complete Job with thousands of files left out', {}, {
    job: jobWith(recorded.complete),
    pods: [succeeded],
    results: without(Array.from({ length: 1000 }, (_, at) => `${at}`), 4321)
  }, {
    state: 'failed',
    reason: 'ResultsIncomplete',
    message: 'Not all files could be stored: 0 (it is too odd), and 4320 more; 2 files with 7 bytes came up. The stored files are kept, and results.left_out names the others.',
    results: without(Array.from({ length: 20 }, (_, at) => `${at}`), 4321),
    ...started,
    exit_code: 0,
    finished_at: '2026-11-22T12:58:34.000Z'
  }],
  ['a failed Job with an exit code', {}, { job: jobWith(recorded.failed), pods: [failed], results: all }, {
    state: 'failed',
    reason: 'BackoffLimitExceeded',
    results: all,
    ...started,
    exit_code: 3,
    finished_at: '2026-11-22T12:59:39.000Z'
  }],
  ['out of memory', {}, { job: jobWith(recorded.failed), pods: [podIn('Failed', terminated(137, 'OOMKilled'))] }, {
    state: 'failed',
    reason: 'OOMKilled',
    ...started,
    exit_code: 137,
    finished_at: '2026-11-22T12:59:39.000Z'
  }],
  ['an evicted pod', {}, {
    job: jobWith(recorded.failed),
    pods: [podIn('Failed', terminated(137, 'Error'), { reason: 'Evicted' })]
  }, { state: 'failed', reason: 'Evicted', ...started, exit_code: 137, finished_at: '2026-11-22T12:59:39.000Z' }],
  ['a pod that was evicted before it ran', {}, {
    job: jobWith(recorded.failed),
    pods: [podWith({ phase: 'Failed', reason: 'Evicted' })]
  }, { state: 'failed', reason: 'Evicted', attempt: 'pod', finished_at: '2026-11-22T12:59:39.000Z' }],
  ['an exceeded deadline', {}, {
    job: jobWith(recorded.deadline),
    pods: [podIn('Failed', terminated(143, 'Error'))],
    results: without(Array.from({ length: 21 }, (_, at) => `${at}`))
  }, {
    state: 'failed',
    reason: 'DeadlineExceeded',
    results: without(Array.from({ length: 20 }, (_, at) => `${at}`), 21),
    ...started,
    exit_code: 143,
    finished_at: '2026-11-22T12:59:30.000Z'
  }],
  ['an exceeded deadline, without a pod', { state: 'running', started_at: started.started_at }, {
    job: jobWith(recorded.deadline)
  }, {
    state: 'failed',
    reason: 'DeadlineExceeded',
    started_at: started.started_at,
    finished_at: '2026-11-22T12:59:30.000Z'
  }],
  ['a failed Job whose last pod has no reason', {}, {
    job: jobWith(recorded.failed),
    pods: [podIn('Failed', terminated(137, 'OOMKilled')), podWith({ phase: 'Failed' }, 'last', at('12:59:00'))]
  }, { state: 'failed', reason: 'BackoffLimitExceeded', attempt: 'last', finished_at: '2026-11-22T12:59:39.000Z' }],
  ['a failure before the stop', stop('12:59:40.001'), { job: jobWith(recorded.failed), pods: [failed] }, {
    state: 'failed',
    reason: 'BackoffLimitExceeded',
    ...started,
    exit_code: 3,
    finished_at: '2026-11-22T12:59:39.000Z'
  }],
  ['a failure without a time or a reason', {}, { job: jobWith({ conditions: [{ type: 'Failed', status: 'True' }] }) }, {
    state: 'failed',
    reason: 'Failed',
    finished_at: now.toISOString()
  }],

  // Stopped
  ['a failure after the stop', stop('12:59:30.500'), {
    job: jobWith(recorded.failed),
    pods: [failed],
    results: some
  }, {
    state: 'canceled',
    reason: 'CancelRequested',
    results: some,
    ...started,
    exit_code: 3,
    finished_at: '2026-11-22T12:59:39.000Z'
  }],
  ['a failure in the second of the stop', stop('12:59:39.999'), { job: jobWith(recorded.failed), pods: [failed] }, {
    state: 'canceled',
    reason: 'CancelRequested',
    ...started,
    exit_code: 3,
    finished_at: '2026-11-22T12:59:39.000Z'
  }],
  ['a failure after a start deadline', stop('12:59:30', 'StartDeadlineExceeded'), {
    job: jobWith(recorded.failed),
    pods: [failed]
  }, {
    state: 'failed',
    reason: 'StartDeadlineExceeded',
    ...started,
    exit_code: 3,
    finished_at: '2026-11-22T12:59:39.000Z'
  }],
  ['a deleted Job after a stop', stop('12:59:30'), { results: all }, {
    state: 'canceled',
    reason: 'CancelRequested',
    results: all,
    started_at: started.started_at,
    finished_at: now.toISOString()
  }],
  ['a deleted Job after a stop, with a failed pod left', stop('12:59:30'), { pods: [failed] }, {
    state: 'canceled',
    reason: 'CancelRequested',
    ...started,
    exit_code: 3,
    finished_at: now.toISOString()
  }],
  [
    'a deleted Job after a stop, with a pod that still runs',
    stop('12:59:30'),
    { pods: [running], results: some },
    started
  ],
  ['a deleted Job after a stop, an Unknown pod', stop('12:59:30'), { pods: [podWith({ phase: 'Unknown' })] }, {
    attempt: 'pod',
    started_at: started.started_at
  }],
  [
    'a deleted Job after a start deadline',
    { stop: { reason: 'StartDeadlineExceeded', at: at('12:59:30').toISOString() } },
    {},
    { state: 'failed', reason: 'StartDeadlineExceeded', finished_at: now.toISOString() }
  ],
  [
    'a job that was stopped because Kubernetes could not be reached',
    { stop: { reason: 'KubernetesUnavailable', at: at('12:59:30').toISOString() } },
    {},
    { state: 'failed', reason: 'KubernetesUnavailable', finished_at: now.toISOString() }
  ],

  // What was seen of a pod that is gone
  ['a pod that was taken away, and is gone', {
    state: 'running',
    started_at: started.started_at,
    exit_code: 143,
    attempt: 'pod',
    reason: 'PreemptionByScheduler',
    message: 'It was preempted.'
  }, { job: jobWith(recorded.failed) }, {
    state: 'failed',
    reason: 'PreemptionByScheduler',
    message: 'It was preempted.',
    started_at: started.started_at,
    finished_at: '2026-11-22T12:59:39.000Z'
  }],
  ['a pod that was taken away, and is gone before its Job has failed', {
    state: 'running',
    started_at: started.started_at,
    attempt: 'pod',
    reason: 'EvictionByEvictionAPI',
    message: 'It was evicted.'
  }, { job: jobWith(recorded.counting) }, { state: 'running', started_at: started.started_at }],
  ['an image that could not be pulled, by a pod that is gone before its Job has failed', {
    state: 'pending',
    reason: 'ImagePullBackOff',
    message: 'It cannot be pulled.'
  }, { job: jobWith(recorded.active) }, { state: 'pending' }],
  ['a quota that kept it from a Job', { state: 'accepted', reason: 'QuotaExceeded', message: 'It is full.' }, {
    job: jobWith(recorded.active)
  }, { state: 'pending', reason: null, message: null }],
  ['a Job that was suspended and failed', { state: 'running', started_at: started.started_at, reason: 'Suspended' }, {
    job: jobWith(recorded.failed)
  }, {
    state: 'failed',
    reason: 'BackoffLimitExceeded',
    message: 'a message.',
    started_at: started.started_at,
    finished_at: '2026-11-22T12:59:39.000Z'
  }],
  ['a start deadline keeps what it waited for', {
    stop: { reason: 'StartDeadlineExceeded', at: at('12:59:30').toISOString() },
    message: 'At last it waited for this.'
  }, {}, { state: 'failed', reason: 'StartDeadlineExceeded', finished_at: now.toISOString() }],

  // Removed after it finished
  ...([
    [{ exit_code: 0 }, all, 'succeeded'],
    [{ exit_code: 3 }, all, 'failed'],
    [{ exit_code: 0 }, some, 'lost'],
    [{}, all, 'lost'],
    [{ exit_code: 0, reason: 'JobDeleted' }, all, 'lost']
  ] as const).map(([facts, results, state]): Situation => [
    `a Job that is gone: ${JSON.stringify(facts)}, ${results.complete ? 'complete' : 'incomplete'} results`,
    { state: 'running', started_at: started.started_at, attempt: 'pod', ...facts },
    { results },
    {
      state,
      reason: state === 'succeeded' ? null : state === 'lost' ? 'JobDeleted' : 'BackoffLimitExceeded',
      results,
      started_at: started.started_at,
      finished_at: now.toISOString()
    }
  ]),

  // Deleted
  ['a job that has no Job yet', { state: 'accepted', job_uid: undefined as unknown as string }, {}, {}],
  ['a deleted Job', { state: 'running', started_at: started.started_at, attempt: 'pod' }, { results: some }, {
    state: 'lost',
    reason: 'JobDeleted',
    results: some,
    started_at: started.started_at,
    finished_at: now.toISOString()
  }],
  ['a Job deleted before it ran', {}, {}, { state: 'lost', reason: 'JobDeleted', finished_at: now.toISOString() }],
  ['a deleted Job whose pod still runs', {}, { pods: [running] }, {
    state: 'lost',
    reason: 'JobDeleted',
    ...started,
    finished_at: now.toISOString()
  }],
  ['another Job of that name', {}, { job: jobWith(recorded.complete, { uid: 'other' }), results: all }, {
    state: 'lost',
    reason: 'JobDeleted',
    results: all,
    finished_at: now.toISOString()
  }],
  ['another Job of that name after a stop', stop('12:59:30'), { job: jobWith(recorded.ready, { uid: 'other' }) }, {
    state: 'canceled',
    reason: 'CancelRequested',
    started_at: started.started_at,
    finished_at: now.toISOString()
  }],
  ['a Job that is not in the record yet', { state: 'accepted', job_uid: undefined as unknown as string }, {
    job: jobWith(recorded.complete),
    pods: [succeeded],
    results: all
  }, {
    state: 'succeeded',
    reason: null,
    results: all,
    ...started,
    exit_code: 0,
    finished_at: '2026-11-22T12:58:34.000Z'
  }]
]

for (const [name, record, seen, expected] of situations) {
  await t.test(name, async (t) => {
    const change = judge(newRecord({ state: 'pending', job_uid: 'job', ...record }), {
      job: undefined,
      pods: [],
      results: undefined,
      ...seen
    }, now)
    // The messages are the subject of why-it-failed.ts and obstacle-of.ts, but for those that a situation names.
    const { message, ...rest } = change
    t.same('message' in expected ? change : rest, expected)
    if (typeof change.reason === 'string' && !record.stop) t.match(message, /\.$/, 'a sentence')
    if (change.reason === null && change.state !== 'pending') t.equal(message, null, 'without a reason there is no message')
  })
}

await t.test('judging the same objects again changes nothing', async (t) => {
  for (const [name, more, seen] of situations) {
    const record = newRecord({ state: 'pending', job_uid: 'job', ...more })
    const all = { job: undefined, pods: [], results: undefined, ...seen }
    const once = advance(record, judge(record, all, now), now) ?? record
    t.equal(advance(once, judge(once, all, now), new Date(now.getTime() + 60_000)), undefined, name)
  }
})
