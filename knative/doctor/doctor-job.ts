import type { V1Job } from '@kubernetes/client-node'
import type { Service } from './as-operator/pod-of-service.ts'

/** The name of the container, and the label that the NetworkPolicy of the store allows. */
export const NAME = 'doctor'

/**
 * The longest time that the pod may run. It covers the canary (three minutes), the wait before it (one minute) and the
 * listing of a large bucket.
 */
export const MOST_SECONDS = 900

/**
 * A Job that runs the in-cluster part of the doctor. It copies image, settings, keys of the store and limits from the
 * function result-fetch, which has no rights in Kubernetes. Kubernetes removes the Job after its end by its TTL.
 *
 * @throws When the Service has no container.
 */
export function doctorJob (resultFetch: Service, args: string[]): V1Job {
  const pod = resultFetch.spec?.template?.spec
  const container = pod?.containers[0]
  if (pod === undefined || container === undefined) {
    throw new Error('the Service result-fetch has no container, so the doctor cannot copy its settings')
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
