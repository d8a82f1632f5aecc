import { DNS_ADDRESS } from './control-plane.ts'

interface Container {
  readinessProbe: Probe
  livenessProbe: Probe
}
interface Probe {
  httpGet: object
}
interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string, namespace?: string }
  spec?: { template: { spec: { timeoutSeconds?: number, containers: Container[] } } }
  data?: Record<string, string>
}

const SERVING = 'serving.knative.dev/v1'

/**
 * Makes the manifests for a cluster without Knative Serving. Each Knative Service becomes a Deployment that does not
 * scale to zero, and a Kubernetes Service of the same name, to which Triggers and nginx then send requests. The pods
 * have the label that Knative would give them.
 */
export function withoutServing (manifests: Manifest[]): object[] {
  return manifests.flatMap((manifest) => manifest.apiVersion === SERVING ? plain(manifest) : redirected(manifest))
}

function plain ({ metadata: { name, namespace }, spec }: Manifest): object[] {
  const metadata = { name, namespace }
  const labels = { 'serving.knative.dev/service': name }
  const { timeoutSeconds: _, containers, ...pod } = spec!.template.spec
  // Knative adds the port of a probe; a Deployment must name it.
  const reached = ({ httpGet }: Probe): Probe => ({ httpGet: { ...httpGet, port: 8080 } })
  const probed = containers.map((container) => ({
    ...container,
    readinessProbe: reached(container.readinessProbe),
    livenessProbe: reached(container.livenessProbe)
  }))
  const template = { metadata: { labels }, spec: { ...pod, enableServiceLinks: false, containers: probed } }
  return [
    // Recreate: pods with the old and with the new environment must not run at the same time.
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: labels }, strategy: { type: 'Recreate' }, template }
    },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } }
  ]
}

function redirected (manifest: Manifest): object {
  const nginx = manifest.kind === 'ConfigMap' ? manifest.data?.['nginx.conf'] : undefined
  if (nginx !== undefined) return { ...manifest, data: { 'nginx.conf': withoutIngress(nginx) } }
  return JSON.parse(JSON.stringify(manifest).replaceAll(`"apiVersion":"${SERVING}"`, '"apiVersion":"v1"')) as object
}

/** Makes nginx send requests directly to the host that it would otherwise name to the ingress of Knative. */
function withoutIngress (nginx: string): string {
  const [, host] = /proxy_set_header Host (\S+);/.exec(nginx)!
  return nginx.replace(/upstream knative \{[^}]*\}/, `resolver ${DNS_ADDRESS};`).replaceAll(
    'http://knative',
    `http://${host}`
  )
}
