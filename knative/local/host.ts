import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { claimFolder } from './claim-folder.ts'
import { endLeftovers } from './end-leftovers.ts'
import { createApiServerSource } from './eventing/api-server-source.ts'
import { startBroker } from './eventing/broker.ts'
import { routesOf, startEntry } from './serving/entry.ts'
import { localSettings } from './local-settings.ts'
import { freePorts } from './free-ports.ts'
import { keptKeys, newKeys } from './keys.ts'
import { startKubernetes } from './kubernetes/server.ts'
import { readManifests, type Destination } from './manifests.ts'
import { startPingSource } from './eventing/ping-source.ts'
import { serviceEnvironment } from './serving/service-environment.ts'
import { named, runService, type Service } from './serving/service.ts'
import { makeBucket, startStore, type LocalStore } from './store/store.ts'

export interface HostOptions {
  /** The port of the entry point; 0 takes a free port. */
  port: number
  /** The folder that keeps the store and its keys; without it, all is removed at the end. */
  keep?: string
  /** Seconds between two pings, instead of the schedule of the PingSource. */
  pingSeconds?: number
  /** Environment variables that override those of the manifests, by Service; '*' is for all Services. */
  env?: Record<string, Record<string, string>>
  /** Gets the JSON log lines of all parts. */
  log?: (line: string) => void
}

export interface Host {
  url: string
  store: LocalStore
  kubeconfig: string
  services: Map<string, Service>
  /** The ApiServerSource. While it is stopped, events are lost. */
  source: { start: () => Promise<void>, stop: () => Promise<void> }
  /** Resolves when the subscribers of a ping have answered. */
  ping: () => Promise<void>
  stop: () => Promise<void>
}

/** Functions that undo the steps so far. */
type Undo = Array<() => unknown>

const ROOT = join(import.meta.dirname, '../..')

/**
 * Simulates a cluster on one machine: runs the functions as the manifests in knative/base declare them, with a real S3
 * store, the part of Kubernetes that jobs need, and the eventing. If S3_ENDPOINT is set, that store is used; if
 * KUBECONFIG is set, that cluster is used. When a part cannot start, the parts that have started are stopped.
 */
export async function startHost ({ log = () => {}, ...options }: HostOptions): Promise<Host> {
  const undo: Undo = []
  const say = (line: string): void => log(named('local-host', line))
  async function stop (): Promise<void> {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
      await Promise.resolve().then(step).catch((error: Error) => say(`error while stopping: ${error.message}`))
    }
  }
  try {
    return { ...await startParts({ log, ...options }, say, undo), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startParts (
  { port, keep, pingSeconds, env = {}, log }: HostOptions & { log: (line: string) => void },
  say: (line: string) => void,
  undo: Undo
): Promise<Omit<Host, 'stop'>> {
  const manifests = readManifests(join(ROOT, 'knative/base'))
  const services = new Map<string, Service>()
  let open = false

  // The entry point is first, so that a port in use is reported at once.
  const routes = routesOf(manifests['gateway.networking.k8s.io/v1/HTTPRoute'])
  const entry = await startEntry({ port, routes, backend: (name) => open ? services.get(name) : undefined })
  undo.push(entry.stop)

  const dir = keep === undefined ? temporaryFolder(undo) : keptFolder(keep, undo)
  const keys = keep === undefined ? newKeys() : keptKeys(join(dir, 'keys.json'))
  const store = await startStore({ dir: join(dir, 'store'), keys: keys.store, log: say })
  undo.push(store.stop)
  const kubeconfig = process.env.KUBECONFIG || await startLocalKubernetes()

  const [brokerPort, ...ports] = await freePorts(manifests['serving.knative.dev/v1/Service'].length + 1)
  const portOf = Object.fromEntries(
    manifests['serving.knative.dev/v1/Service'].map(({ metadata: { name } }, i) => [name, ports[i]!])
  )
  const { configMaps, secrets } = localSettings(manifests, {
    store,
    keys,
    kubeconfig,
    uploadUrl: `http://127.0.0.1:${portOf['result-upload']}`,
    publicUrl: entry.url,
    brokerUrl: `http://127.0.0.1:${brokerPort}/`,
    empty: emptyFolder(join(dir, 'empty')),
    templates: join(ROOT, 'knative/templates')
  })
  await makeBucket(store, env['*']?.S3_BUCKET ?? configMaps['gx4ki-settings']!.S3_BUCKET!)
  for (const manifest of manifests['serving.knative.dev/v1/Service']) {
    const { name } = manifest.metadata
    const environment = {
      ...serviceEnvironment(manifest, { configMaps, secrets, port: portOf[name]! }),
      ...env['*'],
      ...env[name]
    }
    services.set(name, runService(manifest, { environment, cwd: ROOT, log }))
  }
  undo.push(() => Promise.all([...services.values()].map((service) => service.stop())))
  await Promise.all([...services.values()].map((service) => service.ready()))

  const broker = await startBroker({
    port: brokerPort!,
    triggers: manifests['eventing.knative.dev/v1/Trigger'],
    urlOf,
    log: say
  })
  undo.push(broker.stop)
  const source = createApiServerSource(manifests['sources.knative.dev/v1/ApiServerSource'][0]!, {
    kubeconfig,
    sink: broker.url,
    log: say
  })
  undo.push(source.stop)
  await source.start()
  const pings = startPingSource(manifests['sources.knative.dev/v1/PingSource'][0]!, {
    sink: broker.url,
    everySeconds: pingSeconds,
    log: say
  })
  undo.push(pings.stop)
  open = true
  return { url: entry.url, store, kubeconfig, services, source, ping: pings.pingNow }

  async function startLocalKubernetes (): Promise<string> {
    const image = manifests['v1/ConfigMap'].find(({ metadata }) => metadata.name === 'gx4ki-settings')?.data.IMAGE
    const images = image === undefined ? {} : { [image]: join(ROOT, 'dist') }
    const path = `${dirname(process.execPath)}:${process.env.PATH}`
    const kubernetes = await startKubernetes({ dir: join(dir, 'kubernetes'), images, path, log: say })
    undo.push(kubernetes.stop)
    return kubernetes.kubeconfig
  }

  function urlOf ({ ref, uri = '/' }: Destination): string {
    const service = services.get(ref.name)
    if (ref.kind !== 'Service' || service === undefined) {
      throw new Error(`a Trigger refers to ${ref.kind} ${ref.name}, which has no manifest in knative/base`)
    }
    return service.url + uri
  }
}

function temporaryFolder (undo: Undo): string {
  const dir = mkdtempSync(join(tmpdir(), 'gx4ki-'))
  undo.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** The store and the keys outlive a host. Kubernetes begins empty, so the jobs that ran are found to be lost. */
function keptFolder (folder: string, undo: Undo): string {
  const dir = resolve(folder)
  undo.push(claimFolder(dir))
  if (existsSync('/proc/self/environ')) endLeftovers(dir)
  undo.push(() => rmSync(join(dir, 'kubernetes'), { recursive: true, force: true }))
  return dir
}

function emptyFolder (dir: string): string {
  mkdirSync(dir, { recursive: true })
  return dir
}
