import type { V1PodSpec } from '@kubernetes/client-node'

type Places = Record<string, (name: string) => Partial<V1PodSpec>>

/** A container that the namespace of the jobs admits. */
const container = (more: object): V1PodSpec['containers'][number] => ({
  name: 'other',
  image: 'dev.local/gx4ki-jobs:dev',
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  ...more
})

/** Where a container names a Secret. */
const inContainer: Record<string, (name: string) => object> = {
  'env[].valueFrom.secretKeyRef': (name) => ({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name, key: 'a' } } }] }),
  'envFrom[].secretRef': (name) => ({ envFrom: [{ prefix: 'A', secretRef: { name } }] })
}

/** Where a volume names a Secret that the pod, or the driver of the volume, reads. */
const inVolume: Record<string, (name: string) => object> = {
  'secret.secretName': (secretName) => ({ secret: { secretName } }),
  'projected.sources[].secret': (name) => ({ projected: { sources: [{ secret: { name } }] } }),
  'azureFile.secretName': (secretName) => ({ azureFile: { secretName, shareName: 'a' } }),
  'cephfs.secretRef': (name) => ({ cephfs: { monitors: ['192.0.2.1:6789'], secretRef: { name } } }),
  'cinder.secretRef': (name) => ({ cinder: { volumeID: 'a', secretRef: { name } } }),
  'csi.nodePublishSecretRef': (name) => ({ csi: { driver: 'csi.example.org', nodePublishSecretRef: { name } } }),
  'flexVolume.secretRef': (name) => ({ flexVolume: { driver: 'example.org/driver', secretRef: { name } } }),
  'iscsi.secretRef': (name) => ({
    iscsi: {
      targetPortal: '192.0.2.1:3260',
      iqn: 'iqn.2001-04.com.example:a',
      lun: 0,
      chapAuthSession: true,
      secretRef: { name }
    }
  }),
  'rbd.secretRef': (name) => ({ rbd: { monitors: ['192.0.2.1:6789'], image: 'a', secretRef: { name } } }),
  'scaleIO.secretRef': (name) => ({
    scaleIO: { gateway: 'https://192.0.2.1', system: 'a', volumeName: 'a', secretRef: { name } }
  }),
  'storageos.secretRef': (name) => ({ storageos: { volumeName: 'a', secretRef: { name } } })
}

/**
 * Every place where a pod can name a Secret, with the fields that name one there. A test compares the places with the
 * API of Kubernetes.
 */
export const secretPlaces: Places = {
  'imagePullSecrets[].name': (name) => ({ imagePullSecrets: [{ name }] }),
  ...Object.fromEntries(
    ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) =>
      Object.entries(inContainer).map(([place, fields]) => [
        `${list}[].${place}`,
        (name: string) => ({ [list]: [container(fields(name))] })
      ])
    )
  ),
  ...Object.fromEntries(
    Object.entries(inVolume).map(([place, fields]) => [
      `volumes[].${place}`,
      (name: string) => ({ volumes: [{ name: 'other', ...fields(name) }] })
    ])
  )
}

/** The pod with additional entries in its lists. */
export function withFields (pod: V1PodSpec, fields: Partial<V1PodSpec>): V1PodSpec {
  const lists = pod as unknown as Record<string, unknown[] | undefined>
  return {
    ...pod,
    ...Object.fromEntries(
      Object.entries(fields).map(([field, value]) => [
        field,
        Array.isArray(value) ? [...lists[field] ?? [], ...value] : value
      ])
    )
  }
}
