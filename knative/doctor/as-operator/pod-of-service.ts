import type { KubernetesObject, V1ConfigMap, V1PodSpec, V1Secret } from '@kubernetes/client-node'
import { broken, type Row, works } from '../row.ts'

/** The fields of a Knative Service that the doctor reads. */
export type Service = KubernetesObject & {
  spec?: { template?: { spec?: V1PodSpec } }
  status?: { address?: { url?: string } }
}

/** A ConfigMap or Secret that a pod needs. `key` is set when the pod needs only that key. */
interface Reference {
  kind: 'ConfigMap' | 'Secret'
  name: string
  key?: string
}

/** All ConfigMaps and Secrets without which the pods of a Service cannot start. */
export function referencesOf (service: Service): Reference[] {
  const { containers = [], volumes = [] } = service.spec?.template?.spec ?? {}
  return [
    ...containers.flatMap(({ envFrom = [] }) =>
      envFrom.flatMap(({ configMapRef, secretRef }) => [to('ConfigMap', configMapRef), to('Secret', secretRef)])
    ),
    ...containers.flatMap(({ env = [] }) =>
      env.flatMap((
        { valueFrom }
      ) => [to('ConfigMap', valueFrom?.configMapKeyRef), to('Secret', valueFrom?.secretKeyRef)])
    ),
    ...volumes.flatMap((
      { configMap, secret }
    ) => [to('ConfigMap', configMap), to('Secret', secret && { ...secret, name: secret.secretName })])
  ].filter((reference) => reference !== undefined)
}

function to (
  kind: Reference['kind'],
  source: { name?: string | undefined, key?: string, optional?: boolean } | undefined
): Reference | undefined {
  if (!source?.name || source.optional) return undefined
  return { kind, name: source.name, ...(source.key !== undefined && { key: source.key }) }
}

/**
 * The plain settings of a function as its process gets them: `env` overrides the ConfigMaps. The keys of `found` are
 * `<kind> <name>`.
 */
export function settingsOf (service: Service, found: Map<string, V1ConfigMap | V1Secret>): Record<string, string> {
  const [container] = service.spec?.template?.spec?.containers ?? []
  const settings: Record<string, string> = {}
  for (const { configMapRef } of container?.envFrom ?? []) {
    Object.assign(settings, found.get(`ConfigMap ${configMapRef?.name}`)?.data)
  }
  for (const { name, value } of container?.env ?? []) if (value !== undefined) settings[name] = value
  return settings
}

/** Reports the ConfigMaps, Secrets and keys that the pods need but that are missing or empty. */
export function settingsRow (service: Service, found: Map<string, V1ConfigMap | V1Secret>): Row {
  const check = `settings of ${service.metadata?.name}`
  const references = referencesOf(service)
  const missing = references.filter(({ kind, name, key }) => {
    const object = found.get(`${kind} ${name}`)
    return object === undefined || (key !== undefined && !object.data?.[key])
  }).map(({ kind, name, key }) => key === undefined ? `${kind} ${name}` : `${key} in ${kind} ${name}`)
  if (missing.length === 0) {
    return works(
      check,
      [...new Set(references.map(({ kind, name }) => `${kind} ${name}`))].join(', ')
    )
  }
  return broken(
    check,
    `missing: ${[...new Set(missing)].join(', ')}`,
    'kubectl apply -k your overlay; create missing Secrets by hand as in docs/install.md'
  )
}
