import type { V1Container } from '@kubernetes/client-node'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ConfigMap, Pod, Wire } from './objects.ts'
import { find, type Store } from './store.ts'

/** The environment that a container declares. A string is the reason why the container has to wait. */
export function environmentOf (
  store: Store,
  { metadata }: Pod,
  { env = [], envFrom = [] }: Wire<V1Container>
): Record<string, string> | string {
  const values: Record<string, string> = {}
  for (const { prefix = '', configMapRef, secretRef } of envFrom) {
    const { name = '', optional } = configMapRef ?? secretRef ?? {}
    const data = dataOf(store, configMapRef ? 'configmap' : 'secret', metadata.namespace, name)
    if (typeof data !== 'string') {
      for (const [key, value] of Object.entries(data)) values[prefix + key] = value.toString()
    } else if (!optional) return data
  }
  for (const { name, value = '', valueFrom: { fieldRef, configMapKeyRef, secretKeyRef } = {} } of env) {
    const reference = configMapKeyRef ?? secretKeyRef
    if (reference) {
      const data = dataOf(store, configMapKeyRef ? 'configmap' : 'secret', metadata.namespace, reference.name ?? '')
      const found = typeof data === 'string' ? undefined : data[reference.key]
      if (found) values[name] = found.toString()
      else if (!reference.optional) {
        return typeof data === 'string'
          ? data
          : `couldn't find key ${reference.key} in ${metadata.namespace}/${reference.name}`
      }
    } else {
      values[name] = fieldRef
        ? metadata[fieldRef.fieldPath.slice('metadata.'.length) as 'uid' | 'name' | 'namespace']
        : value
    }
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
    for (const { key, path } of source.items ?? Object.keys(data).map((key) => ({ key, path: key }))) {
      const value = data[key]
      if (!value) return `references non-existent key: ${key}`
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), value, { mode: 0o400 })
    }
  }
}

/**
 * Unlike a container, a local process cannot see a folder under another path. So a mount path in a text is replaced by
 * the folder of the volume. The mount path may be a whole path or the beginning of one: `/results`, `DIR=/results/x`,
 * `cat "/results/x"`, but not `http://host/results`.
 */
export function localPaths ({ volumeMounts = [] }: Wire<V1Container>, dir: string): (text: string) => string {
  const folders = new Map(
    volumeMounts.map(({ mountPath, name, subPath = '' }) => [mountPath.replace(/\/$/, ''), join(dir, name, subPath)])
  )
  if (!folders.size) return (text) => text
  const longestFirst = [...folders.keys()].sort((a, b) => b.length - a.length).map((path) =>
    path.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  )
  const mounted = new RegExp(`(?<=^|[\\s=:,;'"\`<>(|])(?:${longestFirst.join('|')})(?![\\w.-])`, 'g')
  return (text) => text.replace(mounted, (path) => folders.get(path)!)
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
