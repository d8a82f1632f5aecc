import type {
  KubernetesObject,
  V1ConfigMap,
  V1Container,
  V1EnvVar,
  V1Job,
  V1ObjectMeta,
  V1PodSpec,
  V1Secret,
  V1SecurityContext
} from '@kubernetes/client-node'
import { JOB_LABEL, MANAGED_BY, objectName, QUEUE_LABEL, TEMPLATE_LABEL } from '../../../shared/kubernetes/cluster.ts'
import { WORKLOAD_ANNOTATION } from '../../../shared/kubernetes/workload.ts'
import { PREFIX } from '../templates/annotations.ts'
import type { Template } from '../templates/read-templates.ts'
import type { ResolvedEnv } from '../intake/resolve-env.ts'
import { plainPath } from '../templates/plain-path.ts'
import { type Grace, graceOfPod, RESULTS_SIZE } from './grace-of.ts'
import { ttlOf } from './ttl-of.ts'
import { STARTED_DIR, TOKEN_DIR } from './uploader-folders.ts'

export interface JobSettings {
  namespace: string
  /** The image of the uploader. */
  image: string
  /** The URL of `result-upload` from inside a job's pod. */
  uploadUrl: string
}

/** The hyphen avoids a conflict with a secret value: the name of an environment variable cannot have one. */
const TOKEN_KEY = 'uploader-token'

/** The fields that Pod Security `restricted` requires in a container. */
const restricted: V1SecurityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }

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
      uploader(id, resultsPath, settings, grace, userOf(spec)),
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

/** A native sidecar: it starts before the workload, and gets SIGTERM after the end of the workload. */
function uploader (
  id: string,
  resultsPath: string,
  { image, uploadUrl }: JobSettings,
  grace: Grace,
  user: V1SecurityContext
): V1Container {
  return {
    name: 'uploader',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', 'dist/uploader.cjs'],
    restartPolicy: 'Always',
    // No other container starts before this hook has ended. So the uploader handles SIGTERM even if the workload ends
    // at once.
    lifecycle: {
      postStart: { exec: { command: ['node', 'dist/uploader.cjs', 'await-start'] } },
      // Kubernetes runs this when the pod begins to end, and sends SIGTERM only when the workload has ended.
      preStop: { exec: { command: ['node', 'dist/uploader.cjs', 'stopping'] } }
    },
    env: [
      { name: 'UPLOAD_URL', value: uploadUrl },
      { name: 'JOB_UUID', value: id },
      { name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
      { name: 'TOKEN_FILE', value: `${TOKEN_DIR}/${TOKEN_KEY}` },
      { name: 'RESULT_DIR', value: resultsPath },
      { name: 'START_FILE', value: `${STARTED_DIR}/started` },
      { name: 'STOP_FILE', value: `${STARTED_DIR}/stopping` },
      { name: 'GRACE_SECONDS', value: String(grace.total) },
      { name: 'WORKLOAD_SECONDS', value: String(grace.workload) }
    ],
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '1', memory: '256Mi' } },
    securityContext: { ...restricted, ...user, readOnlyRootFilesystem: true },
    volumeMounts: [{ name: 'results', mountPath: resultsPath, readOnly: true }, {
      name: 'uploader-token',
      mountPath: TOKEN_DIR,
      readOnly: true
    }, { name: 'uploader-started', mountPath: STARTED_DIR }]
  }
}

/** The user of the workload, where it has one of its own: the uploader must be able to read its files. */
function userOf ({ containers: [workload] }: V1PodSpec): V1SecurityContext {
  const { runAsUser, runAsGroup, runAsNonRoot } = workload?.securityContext ?? {}
  const user = { runAsUser, runAsGroup, runAsNonRoot }
  return Object.fromEntries(Object.entries(user).filter(([, value]) => (value ?? undefined) !== undefined))
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

/** The plain environment. Kubernetes deletes it with the Job that owns it. */
export function configMapObject (job: KubernetesObject, { plain }: ResolvedEnv): V1ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: ownedBy(job), immutable: true, data: plain }
}

/** The uploader's token and the secret environment. Kubernetes deletes it with the Job that owns it. */
export function secretObject (job: KubernetesObject, { secret }: ResolvedEnv, token: string): V1Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedBy(job),
    immutable: true,
    type: 'Opaque',
    stringData: { ...secret, [TOKEN_KEY]: token }
  }
}

function ownedBy ({ metadata = {} }: KubernetesObject): V1ObjectMeta {
  const { name = '', namespace = '', labels = {}, uid } = metadata
  return {
    name,
    namespace,
    labels,
    // A dry run makes no Job, so there is no owner reference.
    ...(uid !== undefined && { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }] })
  }
}
