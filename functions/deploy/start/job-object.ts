import type { V1Container, V1EnvVar, V1Job, V1PodSpec } from '@kubernetes/client-node'
import { JOB_LABEL, MANAGED_BY, objectName, QUEUE_LABEL, TEMPLATE_LABEL } from '../../../shared/kubernetes/cluster.ts'
import { WORKLOAD_ANNOTATION } from '../../../shared/kubernetes/workload.ts'
import { PREFIX } from '../templates/annotations.ts'
import type { Template } from '../templates/read-templates.ts'
import type { ResolvedEnv } from '../intake/resolve-env.ts'
import { plainPath } from '../templates/plain-path.ts'
import { type Grace, graceOfPod, RESULTS_SIZE } from './grace-of.ts'
import { restricted } from './restricted.ts'
import { ttlOf } from './ttl-of.ts'
import { type JobSettings, TOKEN_KEY, uploaderContainer } from './uploader-container.ts'

const HOUR = 3600

/**
 * The Job of one job: the template with the additions of deploy. The template's fields have priority, except for names,
 * labels, the environment and the uploader.
 */
export function jobObject (
  { manifest, name: template, resultsPath }: Template,
  id: string,
  env: ResolvedEnv,
  settings: JobSettings,
  queue?: string
): V1Job {
  const { spec } = manifest
  const pod = spec!.template
  const labels = { ...MANAGED_BY, [JOB_LABEL]: id, [TEMPLATE_LABEL]: template }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...manifest.metadata,
      name: objectName(id),
      namespace: settings.namespace,
      annotations: annotationsOf(manifest),
      labels: { ...manifest.metadata?.labels, ...(queue !== undefined && { [QUEUE_LABEL]: queue }), ...labels }
    },
    spec: {
      // With Kubernetes' default, a crashing simulation would run seven times.
      backoffLimit: 0,
      activeDeadlineSeconds: 24 * HOUR,
      ...spec,
      ttlSecondsAfterFinished: ttlOf(spec!).seconds,
      // Two pods of one job must never run at the same time.
      podReplacementPolicy: 'Failed',
      template: {
        metadata: {
          ...pod.metadata,
          labels: { ...pod.metadata?.labels, ...labels },
          annotations: { ...pod.metadata?.annotations, [WORKLOAD_ANNOTATION]: pod.spec!.containers[0]!.name }
        },
        spec: podSpec(pod.spec!, id, env, resultsPath, settings)
      }
    }
  }
}

/** Those of the template are for deploy, and the last one is kubectl's. */
function annotationsOf ({ metadata }: V1Job): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata?.annotations ?? {}).filter(([name]) =>
    !name.startsWith(PREFIX) && name !== 'kubectl.kubernetes.io/last-applied-configuration'
  ))
}

function podSpec (
  spec: V1PodSpec,
  id: string,
  env: ResolvedEnv,
  resultsPath: string,
  settings: JobSettings
): V1PodSpec {
  const [workload, ...others] = spec.containers
  const volumes = spec.volumes ?? []
  const results = { name: 'results', mountPath: resultsPath }
  const grace = graceOfPod(spec)
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...spec,
    terminationGracePeriodSeconds: grace.total,
    restartPolicy: 'Never',
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
      ...spec.securityContext
    },
    initContainers: [
      uploaderContainer(id, resultsPath, settings, grace, spec),
      ...(spec.initContainers ?? []).map(secured)
    ],
    containers: [
      secured(withNotice(withEnv(withMount(workload!, results), id, env), grace)),
      ...others.map(secured)
    ],
    volumes: [
      ...volumes,
      ...(volumes.some(({ name }) => name === 'results')
        ? []
        : [{ name: 'results', emptyDir: { sizeLimit: RESULTS_SIZE } }]),
      { name: 'uploader-started', emptyDir: { sizeLimit: '1Mi' } },
      { name: 'uploader-token', secret: { secretName: objectName(id), items: [{ key: TOKEN_KEY, path: TOKEN_KEY }] } }
    ]
  }
}

function withMount (
  container: V1Container,
  mount: { name: string, mountPath: string }
): V1Container {
  const mounts = container.volumeMounts ?? []
  const others = mounts.filter(({ mountPath }) => plainPath(mountPath) !== mount.mountPath)
  return { ...container, volumeMounts: [...others, mount] }
}

/**
 * The variables of the job take the places that the template has for them, so that what stands after them can refer to
 * them by `$(NAME)`; the others come first. Kubernetes expands only what stands before, and what `envFrom` brings.
 */
function withEnv (container: V1Container, id: string, { plain, secret }: ResolvedEnv): V1Container {
  const name = objectName(id)
  const given = new Map<string, V1EnvVar>([
    ...Object.keys(plain).map((key): [string, V1EnvVar] =>
      [key, { name: key, valueFrom: { configMapKeyRef: { name, key } } }]
    ),
    ...Object.keys(secret).map((key): [string, V1EnvVar] =>
      [key, { name: key, valueFrom: { secretKeyRef: { name, key } } }]
    )
  ])
  const own = container.env ?? []
  const placed = new Set(own.map(({ name }) => name))
  return {
    ...container,
    env: [
      ...[...given.values()].filter(({ name }) => !placed.has(name)),
      ...own.map((variable) => given.get(variable.name) ?? variable)
    ]
  }
}

/** Delays SIGTERM to the workload; the delay is a part of the workload's share of the grace period. */
function withNotice (container: V1Container, { notice: seconds }: Grace): V1Container {
  if (seconds === 0 || container.lifecycle?.preStop !== undefined) return container
  return { ...container, lifecycle: { ...container.lifecycle, preStop: { sleep: { seconds } } } }
}

function secured (container: V1Container): V1Container {
  return { ...container, securityContext: { ...restricted, ...container.securityContext } }
}
