import type { V1Job } from '@kubernetes/client-node'
import type { Service } from './as-operator/pod-of-service.ts'

/** The name of the container, and the label that the store's NetworkPolicy lets in. */
export const NAME = 'doctor'

/**
 * How long its pod may run: a canary of three minutes, the wait for the minute before it, and a look through a large
 * bucket.
 */
export const MOST_SECONDS = 900

/**
 * A Job that runs the doctor's half in the cluster as a function would run: with that function's image, settings, keys
 * of the store and limits. It takes those of result-fetch, which has no rights in Kubernetes. However it ends, it
 * removes itself.
 */
export function doctorJob (resultFetch: Service, args: string[]): V1Job {
  const pod = resultFetch.spec?.template?.spec
  const container = pod?.containers[0]
  if (pod === undefined || container === undefined) {
    throw new Error('the Service result-fetch has no container to take after')
  }
  const { image, imagePullPolicy, env = [], envFrom = [], resources, securityContext, volumeMounts = [] } = container
  const { serviceAccountName, imagePullSecrets, securityContext: ofPod, volumes = [] } = pod
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { generateName: `${NAME}-`, labels: { 'app.kubernetes.io/name': NAME } },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: MOST_SECONDS,
      ttlSecondsAfterFinished: 300,
      template: {
        metadata: { labels: { 'app.kubernetes.io/name': NAME } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          ...(serviceAccountName && { serviceAccountName }),
          ...(imagePullSecrets && { imagePullSecrets }),
          ...(ofPod && { securityContext: ofPod }),
          volumes,
          containers: [{
            name: NAME,
            ...(image && { image }),
            ...(imagePullPolicy && { imagePullPolicy }),
            command: ['node', 'dist/doctor.cjs', '--json', ...args],
            env,
            envFrom,
            volumeMounts,
            ...(resources && { resources }),
            ...(securityContext && { securityContext })
          }]
        }
      }
    }
  }
}
