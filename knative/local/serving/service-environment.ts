import type { KnativeService } from '../manifests.ts'

/** ConfigMaps or Secrets by name, with their data as plain text. */
type NamedData = Record<string, Record<string, string>>

/** The environment of a Service's container from its manifest. The function listens on `port` of this machine. */
export function serviceEnvironment (
  manifest: KnativeService,
  { configMaps, secrets, port }: { configMaps: NamedData, secrets: NamedData, port: number }
): Record<string, string> {
  const { name } = manifest.metadata
  const { envFrom, env } = manifest.spec.template.spec.containers[0]!
  const environment: Record<string, string> = {}
  for (const { configMapRef } of envFrom) Object.assign(environment, lookUp(configMaps, 'ConfigMap', configMapRef.name))
  for (const { name: variable, value = '', valueFrom } of env) {
    environment[variable] = valueFrom
      ? lookUp(lookUp(secrets, 'Secret', valueFrom.secretKeyRef.name), 'key', valueFrom.secretKeyRef.key)
      : value
  }
  return {
    ...environment,
    PORT: String(port),
    // The manifest has the address for a pod. On this machine, functions listen only on loopback.
    HOST: '127.0.0.1',
    K_SERVICE: name,
    K_CONFIGURATION: name,
    K_REVISION: `${name}-00001`
  }

  function lookUp<T> (table: Record<string, T>, kind: string, key: string): T {
    const value = table[key]
    if (value === undefined) throw new Error(`service ${name}: its environment needs ${kind} ${key}, which is missing`)
    return value
  }
}
