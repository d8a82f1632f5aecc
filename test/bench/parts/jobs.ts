import { randomUUID } from 'node:crypto'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { JOB_LABEL, objectName } from '../../../shared/kubernetes/cluster.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { newRecord } from '../../support/new-record.ts'
import { openRecord } from '../../support/open-record.ts'
import type { StubObject } from './api-server.ts'
import { inFlight } from './ask.ts'
import { NAMESPACE } from './function.ts'
import { podOf } from './api-objects.ts'
import type { Stub } from './stub.ts'

export interface Place {
  store: Store
  stub: Stub
}

export interface Opened {
  id: string
  /** The uid of its pod. */
  attempt: string
  job: StubObject
}

/** A Job with a pod template of the usual size: an uploader and a workload, with what deploy adds. */
export function jobOf (id: string): StubObject {
  const labels = { 'app.kubernetes.io/managed-by': 'gx4ki-jobs', 'gx4ki.job.template': 'drive', [JOB_LABEL]: id }
  const names = ['DURATION', 'REAL_TIME_FACTOR', 'SEED', 'RESULT_DIR', 'JOB_UUID', 'UPLOAD_URL', 'GRACE_SECONDS']
  const container = (name: string): object => ({
    name,
    image: 'dev.local/gx4ki-jobs:dev',
    command: ['node', `dist/${name}.cjs`],
    env: names.map((variable) => ({ name: variable, value: '/a/value/of/some/length' })),
    resources: { requests: { cpu: '250m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [{ name: 'results', mountPath: '/results' }],
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent'
  })
  return {
    kind: 'Job',
    apiVersion: 'batch/v1',
    metadata: { name: objectName(id), namespace: NAMESPACE, uid: randomUUID(), resourceVersion: '1', labels },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: 7200,
      suspend: false,
      template: {
        metadata: { labels, annotations: { 'gx4ki.io/workload': 'workload' } },
        spec: {
          restartPolicy: 'Never',
          initContainers: [{ ...container('uploader'), restartPolicy: 'Always' }],
          containers: [container('workload')],
          volumes: [{ name: 'results', emptyDir: { sizeLimit: '1Gi' } }],
          securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } }
        }
      }
    },
    status: { startTime: '2026-01-01T12:00:00Z', active: 1, ready: 1, terminating: 0, uncountedTerminatedPods: {} }
  }
}

const CREATED = '2026-01-01T11:59:00.000Z'

/** A running job: its record, its marker, its Job and its pod. The record says all that its Job and pod say. */
export async function openJob (place: Place): Promise<Opened> {
  const [one] = await openJobs(place, 1)
  return one!
}

export async function openJobs (
  { store, stub }: Place,
  count: number,
  more: Partial<JobRecord> = {}
): Promise<Opened[]> {
  const jobs = Array.from({ length: count }, () => {
    const record = newRecord({ template: 'drive', created_at: CREATED, ...more })
    const job = jobOf(record.job_uuid)
    return { id: record.job_uuid, job, pod: podOf(job, randomUUID(), false), record }
  })
  await inFlight(jobs.length, 32, async (index) => {
    const { record, job, pod } = jobs[index]!
    await openRecord(store, {
      ...record,
      state: 'running',
      job_uid: job.metadata.uid,
      attempt: pod.metadata.uid,
      started_at: '2026-01-01T12:00:00.000Z',
      history: [...record.history, { state: 'running', at: '2026-01-01T12:00:00.000Z' }]
    })
  })
  await stub.add('jobs', jobs.map(({ job }) => job))
  await stub.add('pods', jobs.map(({ pod }) => pod))
  return jobs.map(({ id, job, pod }) => ({ id, job, attempt: pod.metadata.uid }))
}
