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
 * The manifests for a cluster without Knative Serving: each Knative Service is a Deployment that never sleeps, behind a
 * Service of its name, which is where Triggers and nginx then go. Its pods keep the label by which they are known.
 */
export function withoutServing (manifests: Manifest[]): object[] {
  return manifests.flatMap((manifest) => manifest.apiVersion === SERVING ? plain(manifest) : redirected(manifest))
}

function plain ({ metadata: { name, namespace }, spec }: Manifest): object[] {
  const metadata = { name, namespace }
  const labels = { 'serving.knative.dev/service': name }
  const { timeoutSeconds: _, containers, ...pod } = spec!.template.spec
  // Knative knows the port by itself.
  const reached = ({ httpGet }: Probe): Probe => ({ httpGet: { ...httpGet, port: 8080 } })
  const probed = containers.map((container) => ({
    ...container,
    readinessProbe: reached(container.readinessProbe),
    livenessProbe: reached(container.livenessProbe)
  }))
  const template = { metadata: { labels }, spec: { ...pod, enableServiceLinks: false, containers: probed } }
  return [
    // Recreate: what is there has one environment.
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

/** To the host that Knative's ingress would have been told. */
function withoutIngress (nginx: string): string {
  const [, host] = /proxy_set_header Host (\S+);/.exec(nginx)!
  return nginx.replace(/upstream knative \{[^}]*\}/, `resolver ${DNS_ADDRESS};`).replaceAll(
    'http://knative',
    `http://${host}`
  )
}
