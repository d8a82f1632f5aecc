import type { V1Container, V1PodSpec, V1SecurityContext } from '@kubernetes/client-node'
import type { Grace } from './grace-of.ts'
import { restricted } from './restricted.ts'
import { STARTED_DIR, TOKEN_DIR } from './uploader-folders.ts'

export interface JobSettings {
  namespace: string
  /** The image of the uploader. */
  image: string
  /** The URL of `result-upload` from inside a job's pod. */
  uploadUrl: string
}

/** The hyphen avoids a conflict with a secret value: the name of an environment variable cannot have one. */
export const TOKEN_KEY = 'uploader-token'

/** A native sidecar: it starts before the workload, and gets SIGTERM after the end of the workload. */
export function uploaderContainer (
  id: string,
  resultsPath: string,
  { image, uploadUrl }: JobSettings,
  grace: Grace,
  pod: V1PodSpec
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
    securityContext: { ...restricted, ...userOf(pod), readOnlyRootFilesystem: true },
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
