import type { StubObject } from './api-server.ts'

const STARTED = '2026-01-01T12:00:00Z'
const ENDED = '2026-01-01T12:01:00Z'

/**
 * What an API server notes about who set which field of an object: as much as the object itself weighs, and a part of
 * every event and list.
 */
export function managedFieldsOf ({ metadata: { labels }, spec }: Pick<StubObject, 'metadata' | 'spec'>): object[] {
  return [{
    manager: 'node-fetch',
    operation: 'Update',
    apiVersion: 'batch/v1',
    time: STARTED,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:metadata': { 'f:labels': fieldsIn(labels) }, 'f:spec': fieldsIn(spec) }
  }]
}

function fieldsIn (value: unknown): object {
  if (typeof value !== 'object' || value === null) return {}
  const fields = Array.isArray(value)
    ? value.map((one) => [`k:${JSON.stringify({ name: one?.name })}`, fieldsIn(one)] as const)
    : Object.entries(value).map(([name, one]) => [`f:${name}`, fieldsIn(one)] as const)
  return { '.': {}, ...Object.fromEntries(fields) }
}

/** A Job whose pod runs, or that is Complete. */
export function withStatus (job: StubObject, isComplete: boolean, resourceVersion: string): StubObject {
  const condition = (type: string): object => ({
    type,
    status: 'True',
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
    lastProbeTime: ENDED,
    lastTransitionTime: ENDED
  })
  return {
    ...job,
    metadata: { ...job.metadata, resourceVersion },
    status: isComplete
      ? {
          startTime: STARTED,
          completionTime: ENDED,
          conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
          succeeded: 1,
          ready: 0,
          terminating: 0,
          uncountedTerminatedPods: {}
        }
      : { startTime: STARTED, active: 1, ready: 1, terminating: 0, uncountedTerminatedPods: {} }
  }
}

/** The pod of a Job, as the kubelet reports it while its workload runs, or after its end. */
export function podOf (job: StubObject, uid: string, isComplete: boolean): StubObject {
  const { metadata: { name, namespace, uid: owner }, spec: { template } } = job
  const state = isComplete
    ? { terminated: { exitCode: 0, reason: 'Completed', startedAt: STARTED, finishedAt: ENDED, containerID: 'a://b' } }
    : { running: { startedAt: STARTED } }
  const statusOf = ({ name, image }: { name: string, image: string }): object => ({
    name,
    image,
    imageID: image,
    ready: !isComplete,
    started: !isComplete,
    restartCount: 0,
    lastState: {},
    state
  })
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      ...template.metadata,
      name,
      namespace,
      uid,
      labels: { ...template.metadata?.labels, 'job-name': name, 'batch.kubernetes.io/job-name': name },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: owner, controller: true }],
      resourceVersion: job.metadata.resourceVersion,
      creationTimestamp: STARTED,
      managedFields: managedFieldsOf({ metadata: job.metadata, spec: template.spec })
    },
    spec: template.spec,
    status: {
      phase: isComplete ? 'Succeeded' : 'Running',
      startTime: STARTED,
      podIP: '10.244.0.7',
      hostIP: '192.0.2.1',
      conditions: [{ type: 'Ready', status: String(!isComplete), lastTransitionTime: STARTED }],
      initContainerStatuses: (template.spec.initContainers ?? []).map(statusOf),
      containerStatuses: template.spec.containers.map(statusOf)
    }
  }
}
