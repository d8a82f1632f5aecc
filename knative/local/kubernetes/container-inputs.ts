import type { V1Container } from '@kubernetes/client-node'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fieldOf, resourceOf } from './downward.ts'
import { expand } from '../../../shared/kubernetes/expand.ts'
import type { ConfigMap, Pod, Wire } from './objects.ts'
import { find, type Store } from './store.ts'

/** The mode of the files of a ConfigMap or Secret. */
const DEFAULT_MODE = 0o644

/**
 * The environment that a container declares, with `$(NAME)` replaced by what stands before: by variables of `envFrom`,
 * which come first, and by earlier ones of `env`. Only a `value` is expanded, not what comes from elsewhere.
 * A string is the reason why the container has to wait.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables)
 */
export function environmentOf (
  store: Store,
  pod: Pod,
  container: Wire<V1Container>
): Record<string, string> | string {
  const { metadata } = pod
  const { env = [], envFrom = [] } = container
  const values: Record<string, string> = {}
  for (const { prefix = '', configMapRef, secretRef } of envFrom) {
    const { name = '', optional } = configMapRef ?? secretRef ?? {}
    const data = dataOf(store, configMapRef ? 'configmap' : 'secret', metadata.namespace, name)
    if (typeof data !== 'string') {
      for (const [key, value] of Object.entries(data)) values[prefix + key] = value.toString()
    } else if (!optional) return data
  }
  for (const { name, value = '', valueFrom: { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = {} } of env) {
    const reference = configMapKeyRef ?? secretKeyRef
    // As in a kubelet, a value that is not empty is used instead of valueFrom.
    if (value) values[name] = expand(value, values)
    else if (fieldRef) values[name] = fieldOf(pod, fieldRef.fieldPath)
    else if (resourceFieldRef) values[name] = resourceOf(pod, container, resourceFieldRef)
    else if (reference) {
      const data = dataOf(store, configMapKeyRef ? 'configmap' : 'secret', metadata.namespace, reference.name ?? '')
      const found = typeof data === 'string' ? undefined : data[reference.key]
      if (found) values[name] = found.toString()
      else if (!reference.optional) {
        return typeof data === 'string'
          ? data
          : `couldn't find key ${reference.key} in ${configMapKeyRef ? 'ConfigMap' : 'Secret'} ${metadata.namespace}/${reference.name}`
      }
    } else values[name] = ''
  }
  return values
}

/** Makes the volumes of a pod, each as a folder in `dir`. Returns the reason why the pod has to wait, if any. */
export function makeVolumes (store: Store, { metadata, spec }: Pod, dir: string): string | undefined {
  for (const { name, secret, configMap } of spec.volumes ?? []) {
    const folder = join(dir, name)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const source = secret ?? configMap
    if (!source) continue
    const data = dataOf(
      store,
      configMap ? 'configmap' : 'secret',
      metadata.namespace,
      secret?.secretName ?? configMap?.name ?? ''
    )
    if (typeof data === 'string' && !source.optional) return data
    if (typeof data === 'string') continue
    const items: { key: string, path: string, mode?: number }[] = source.items ??
      Object.keys(data).map((key) => ({ key, path: key }))
    for (const { key, path, mode = source.defaultMode ?? DEFAULT_MODE } of items) {
      const value = data[key]
      if (!value && source.optional) continue
      if (!value) return `references non-existent key: ${key}`
      const file = join(folder, path)
      mkdirSync(dirname(file), { recursive: true })
      // Not with the umask of this process.
      writeFileSync(file, value, { mode: 0o600 })
      chmodSync(file, mode)
    }
  }
}

/** The bytes of each key. A string says that the object does not exist. */
function dataOf (
  store: Store,
  kind: 'configmap' | 'secret',
  namespace: string,
  name: string
): Record<string, Buffer> | string {
  const object = find(store, `${kind}s`, namespace, name)
  if (!object) return `${kind} "${name}" not found`
  const { data = {}, binaryData = {} } = object as ConfigMap
  const decode = (values: Record<string, string>, encoding: BufferEncoding): [string, Buffer][] =>
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value, encoding)])
  return Object.fromEntries([...decode(data, kind === 'secret' ? 'base64' : 'utf8'), ...decode(binaryData, 'base64')])
}
