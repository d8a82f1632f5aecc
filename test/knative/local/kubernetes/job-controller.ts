import type { V1Job } from '@kubernetes/client-node'
import t from 'tap'
import {
  jobOf,
  jobsPath,
  type Kubernetes,
  mergePatch,
  namespace,
  request,
  shell,
  testKubernetes,
  watchAll,
  type WatchEvent
} from '../../../support/local-kubernetes.ts'
import { poll } from '../../../support/poll.ts'

// The events of Jobs as recorded from a real controller: type, conditions, counters and uncounted pods of each event.
const start = ['ADDED', 'MODIFIED active=1 ready=0', 'MODIFIED active=1 ready=1']
const success = [
  ...start,
  'MODIFIED active=1 ready=0',
  'MODIFIED SuccessCriteriaMet ready=0 uncounted=succeeded',
  'MODIFIED SuccessCriteriaMet,Complete ready=0 succeeded=1 completionTime'
]
const deadline = [
  'MODIFIED FailureTarget ready=0 terminating=1 uncounted=failed',
  'MODIFIED FailureTarget ready=0 terminating=1 failed=1',
  'MODIFIED FailureTarget ready=0 failed=1',
  'MODIFIED FailureTarget,Failed ready=0 failed=1'
]

const lives: Record<
  string,
  {
    job: V1Job
    events: string[]
    reason?: string
    act?: (kubernetes: Kubernetes, events: string[]) => Promise<unknown>
  }
> = {
  ok: {
    job: jobOf('ok', [shell('main', 'exit 0')], {}, {
      initContainers: [
        shell('sidecar', 'trap "exit 0" TERM; while :; do sleep 0.05; done', { restartPolicy: 'Always' })
      ]
    }),
    events: success,
    reason: 'CompletionsReached'
  },
  fail: {
    job: jobOf('fail', [shell('main', 'exit 3')], { backoffLimit: 1 }),
    events: [
      ...start,
      'MODIFIED active=1 ready=0',
      'MODIFIED ready=0 uncounted=failed',
      'MODIFIED ready=0 failed=1',
      'MODIFIED active=1 ready=0 failed=1',
      'MODIFIED active=1 ready=1 failed=1',
      'MODIFIED active=1 ready=0 failed=1',
      'MODIFIED FailureTarget ready=0 failed=1 uncounted=failed',
      'MODIFIED FailureTarget,Failed ready=0 failed=2'
    ],
    reason: 'BackoffLimitExceeded'
  },
  deadline: {
    job: jobOf('deadline', [shell('main', 'exec sleep 60')], { activeDeadlineSeconds: 2 }),
    events: [...start, ...deadline],
    reason: 'DeadlineExceeded'
  },
  badimage: {
    job: jobOf('badimage', [{ name: 'main', image: 'none' }], { activeDeadlineSeconds: 2 }),
    events: [...start.slice(0, 2), ...deadline],
    reason: 'DeadlineExceeded'
  },
  // This one was not recorded. With this policy a pod is not counted before it has ended.
  replaced: {
    job: jobOf('replaced', [shell('main', 'exec sleep 60')], {
      activeDeadlineSeconds: 2,
      podReplacementPolicy: 'Failed'
    }),
    events: [
      ...start,
      'MODIFIED FailureTarget ready=0 terminating=1',
      'MODIFIED FailureTarget ready=0 uncounted=failed',
      'MODIFIED FailureTarget,Failed ready=0 failed=1'
    ],
    reason: 'DeadlineExceeded'
  },
  deleted: {
    job: jobOf('deleted', [shell('main', 'exec sleep 60')]),
    events: [...start, 'DELETED active=1 ready=1'],
    act: async ({ batch }, events) => {
      await poll('the pod to be ready', async () => events.length === 3)
      await batch.deleteNamespacedJob({ name: 'deleted', namespace, propagationPolicy: 'Background' })
    }
  },
  ttl: {
    job: jobOf('ttl', [shell('main', 'exit 0')], { ttlSecondsAfterFinished: 1 }),
    events: [
      ...success,
      'MODIFIED SuccessCriteriaMet,Complete ready=0 succeeded=1 completionTime deletionTimestamp generation=2 foregroundDeletion',
      'DELETED SuccessCriteriaMet,Complete ready=0 succeeded=1 completionTime deletionTimestamp generation=2 foregroundDeletion'
    ],
    reason: 'CompletionsReached'
  },
  suspended: {
    job: jobOf('suspended', [shell('main', 'exit 0')], { suspend: true }),
    events: [
      'ADDED',
      'MODIFIED Suspended ready=0',
      'MODIFIED Suspended ready=0 generation=2',
      'MODIFIED Suspended=False active=1 ready=0 generation=2',
      'MODIFIED Suspended=False active=1 ready=1 generation=2',
      'MODIFIED Suspended=False active=1 ready=0 generation=2',
      'MODIFIED Suspended=False,SuccessCriteriaMet ready=0 uncounted=succeeded generation=2',
      'MODIFIED Suspended=False,SuccessCriteriaMet,Complete ready=0 succeeded=1 completionTime generation=2'
    ],
    reason: 'CompletionsReached',
    act: async (kubernetes, events) => {
      await poll('the suspension', async () => events.length === 2)
      await request(kubernetes, 'PATCH', `${jobsPath}/suspended`, { spec: { suspend: false } }, mergePatch)
    }
  }
}

await t.test('the events of a Job are those of a real controller', async (t) => {
  const kubernetes = await testKubernetes(t)
  const all = await watchAll(t, kubernetes, 'jobs')
  await Promise.all(
    Object.entries(lives).map(async ([name, { job, events, reason, act }]) => {
      const seen: string[] = []
      await kubernetes.batch.createNamespacedJob({ namespace, body: job })
      const acted = act?.(kubernetes, seen)
      await poll(`${events.length} events of ${name}`, async () => {
        seen.splice(0, Infinity, ...all.filter(({ object }) => object.metadata.name === name).map(summary))
        return seen.length >= events.length
      })
      await acted
      t.same(seen, events, name)
      const { conditions = [] } = all.findLast(({ object }) => object.metadata.name === name)!.object.status
      const verdicts = conditions.filter(({ type }: { type: string }) => type !== 'Suspended')
      t.same(
        verdicts.map((each: { reason: string }) => each.reason),
        reason ? [reason, reason] : [],
        `${name} has the reason`
      )
    })
  )
})

function summary ({ type, object: { metadata, status } }: WatchEvent): string {
  const counters = ['active', 'ready', 'terminating', 'succeeded', 'failed'].filter((name) =>
    name === 'ready' ? name in status : status[name]
  )
  return [
    type,
    (status.conditions ?? []).map((each: { type: string, status: string }) =>
      each.status === 'True' ? each.type : `${each.type}=${each.status}`
    ).join(),
    ...counters.map((name) => `${name}=${status[name]}`),
    Object.keys(status.uncountedTerminatedPods ?? {}).map((name) => `uncounted=${name}`).join(),
    status.completionTime && 'completionTime',
    metadata.deletionTimestamp && 'deletionTimestamp',
    metadata.generation > 1 && `generation=${metadata.generation}`,
    ...metadata.finalizers ?? []
  ].filter(Boolean).join(' ')
}
