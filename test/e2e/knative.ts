import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readYamlDocuments } from '../../shared/settings/read-yaml.ts'
import type { ControlPlane } from './control-plane.ts'

/** The source folders of the modules that Knative is built from. The manifests in these folders are applied. */
export interface KnativeSources {
  eventing: string
  serving: string
  'net-kourier': string
  networking: string
  caching: string
}

interface Manifest {
  kind: string
  metadata: { name: string, namespace?: string }
  data?: Record<string, string>
  spec?: { template?: { spec?: { containers: Container[] } }, type?: string }
}
interface Container {
  image: string
  resources?: object
  lifecycle?: object
  env?: { name: string, value?: string }[]
  readinessProbe?: object
  livenessProbe?: object
}

/**
 * Installs Eventing without the parts that are not built: job sink, request reply, and the autoscaling of Eventing
 * itself.
 */
export function installEventing (plane: ControlPlane, { eventing }: KnativeSources): void {
  const channel = 'config/channels/in-memory-channel'
  const broker = 'config/brokers/mt-channel-broker'
  apply(plane, eventing, ['config/core/100-namespace.yaml'])
  apply(plane, eventing, ['config/core/resources', `${channel}/resources`])
  apply(plane, eventing, [
    'config/core',
    'config/core/roles',
    'config/core/configmaps',
    `${broker}/roles`,
    channel,
    `${channel}/roles`,
    `${channel}/configmaps`,
    'third_party/eventing-integrations-latest'
  ])
  apply(plane, eventing, [
    'config/core/webhooks',
    `${channel}/webhooks`,
    ...['controller', 'webhook', 'pingsource-mt-adapter'].map((name) => `config/core/deployments/${name}.yaml`),
    ...['controller', 'broker-filter', 'broker-ingress'].map((name) => `${broker}/deployments/${name}.yaml`),
    `${channel}/deployments`
  ])
  available(plane, 'knative-eventing')
}

/**
 * Installs Serving with Kourier as its ingress. The controller of Kourier starts before its gateway, because the
 * gateway would otherwise wait long for its configuration.
 */
export function installServing (
  plane: ControlPlane,
  { serving, 'net-kourier': kourier, networking, caching }: KnativeSources
): void {
  apply(plane, serving, ['config/core/100-namespace.yaml'])
  apply(plane, kourier, ['config/100-namespace.yaml'])
  apply(plane, networking, ['config'])
  apply(plane, caching, ['config'])
  apply(plane, serving, ['config/core/300-resources', 'config/core/300-knativecertificate.yaml'])
  apply(plane, serving, ['config/core/200-roles', 'config/core/200-serviceaccount.yaml', 'config/core/configmaps'])
  apply(plane, kourier, [
    'config/200-bootstrap.yaml',
    'config/200-config.yaml',
    'config/200-serviceaccount.yaml',
    'config/300-controller.yaml'
  ])
  apply(plane, serving, [
    'config/core/webhooks',
    ...['controller', 'webhook', 'autoscaler', 'activator'].map((name) => `config/core/deployments/${name}.yaml`)
  ])
  const patches = {
    'config-network': { 'ingress-class': 'kourier.ingress.networking.knative.dev' },
    'config-deployment': {
      'queue-sidecar-image': 'dev.local/knative/serving/queue:e2e',
      'queue-sidecar-cpu-request': '10m'
    },
    // Idle functions scale to zero soon, so that the suite tests many starts from zero.
    'config-autoscaler': { 'scale-to-zero-grace-period': '10s', 'stable-window': '30s' },
    'config-features': { 'kubernetes.podspec-fieldref': 'enabled' }
  }
  available(plane, 'knative-serving')
  for (const [name, data] of Object.entries(patches)) {
    plane.kubectl([
      'patch',
      'configmap',
      name,
      '-n',
      'knative-serving',
      '--type',
      'merge',
      '-p',
      JSON.stringify({ data })
    ])
  }
  apply(plane, kourier, ['config/300-gateway.yaml'])
  available(plane, 'kourier-system')
}

function apply ({ kubectl }: ControlPlane, module: string, paths: string[]): void {
  const manifests = paths.flatMap((path) => manifestsIn(join(module, path))).map(forTheBench)
  kubectl(
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n')
  )
}

function available ({ kubectl }: ControlPlane, namespace: string): void {
  kubectl(['wait', '--for=condition=Available', '--timeout=90s', '-n', namespace, 'deployment', '--all'])
}

function manifestsIn (path: string): Manifest[] {
  const files = statSync(path).isDirectory()
    ? readdirSync(path).filter((name) => name.endsWith('.yaml')).map((name) => join(path, name))
    : [path]
  return files.flatMap((file) => readYamlDocuments(readFileSync(file, 'utf8')) as (Manifest | null)[]).filter((manifest) =>
    manifest !== null
  )
    .filter(({ kind }) => kind !== 'HorizontalPodAutoscaler' && kind !== 'PodDisruptionBudget' && kind !== 'Image')
}

/**
 * Changes a Deployment for the test cluster: it uses the local images, and it requests no resources because the machine
 * has only two cores.
 */
function forTheBench (manifest: Manifest): Manifest {
  for (const container of manifest.kind === 'Deployment' ? manifest.spec?.template?.spec?.containers ?? [] : []) {
    delete container.resources
    // The hook of Kourier's gateway calls a shell, and the local image has none.
    delete container.lifecycle
    // A container that waits for a CPU must not count as unhealthy.
    for (const probe of [container.readinessProbe, container.livenessProbe]) {
      if (probe !== undefined) Object.assign(probe, { timeoutSeconds: 10, failureThreshold: 10 })
    }
    container.image = localImage(container.image)
    for (const variable of container.env ?? []) {
      if (variable.value !== undefined) variable.value = localImage(variable.value)
    }
  }
  return manifest
}

/**
 * Replaces a `ko://` reference, from which `ko` would build an image, and the reference to Envoy by the names of local
 * images.
 */
function localImage (reference: string): string {
  const [, module, program] = /^ko:\/\/knative\.dev\/([^/]+)\/\S+\/(\w+)$/.exec(reference) ?? []
  if (program !== undefined) return `dev.local/knative/${module}/${program}:e2e`
  return reference.replace(/\/envoy:.*/, '/envoy:e2e')
}
