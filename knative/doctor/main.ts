/**
 * `make doctor`: checks the installation on the cluster of KUBECONFIG. This part asks the API server as the operator.
 * The other part, in-cluster/, runs in a pod with the keys of the store and without rights in Kubernetes. Only `--fix`
 * changes objects that the doctor has not made itself.
 */
import { parseArgs } from 'node:util'
import {
  KubeConfig,
  KubernetesObjectApi,
  type KubernetesObject,
  type V1ConfigMap,
  type V1Deployment,
  type V1Secret,
  VersionApi
} from '@kubernetes/client-node'
import { statusOf } from '../../shared/kubernetes/cluster.ts'
import { clusterOrphanRows, objectsOfJobs, removeObjects } from './as-operator/cluster-orphans.ts'
import { doctorJob } from './doctor-job.ts'
import { fenceRow } from './as-operator/fence-row.ts'
import { type Manifest, manifests } from './manifests.ts'
import { referencesOf, type Service, settingsOf, settingsRow } from './as-operator/pod-of-service.ts'
import { type Live, readyRow } from './as-operator/ready-row.ts'
import { accountsOf, rightsOf } from './as-operator/rights.ts'
import { configurationOf, type Entry, probeOf, type Route, routeRow } from './as-operator/route-row.ts'
import { broken, degraded, isBroken, type Row, works } from './row.ts'
import { runInCluster } from './run-in-cluster.ts'
import { table } from './table.ts'
import { readTemplates, templateRows } from './as-operator/template-rows.ts'
import { wordsOf } from './words-of.ts'

const FUNCTIONS = 'gx4ki'

const { values: { fix, canary } } = parseArgs({
  options: { fix: { type: 'boolean', default: false }, canary: { type: 'string' } }
})
const config = new KubeConfig()
const rows: Row[] = []

await examine()
console.log(table(rows))
process.exitCode = rows.some(isBroken) ? 1 : 0

async function examine (): Promise<void> {
  await section('API server', async () => {
    config.loadFromDefault()
    const { gitVersion } = await config.makeApiClient(VersionApi).getCode()
    return [works('API server', `${gitVersion} at ${config.getCurrentCluster()?.server}`)]
  }, 'set KUBECONFIG to a file with a current context for the cluster')
  // Without the API server no other check is possible.
  if (rows.some(isBroken)) return

  const objects = KubernetesObjectApi.makeApiClient(config)
  progress('the installed objects')
  const services = new Map<string, Service>()
  for (
    const manifest of manifests('Service', 'Broker', 'Trigger', 'PingSource', 'ApiServerSource', 'Deployment').filter((
      { apiVersion }
    ) => apiVersion !== 'v1')
  ) {
    const { kind, metadata: { name } } = manifest
    await section(`${kind} ${name}`, async () => {
      const live = await find<Service>(objects, manifest)
      if (kind === 'Service' && live !== undefined) services.set(name, live)
      return [readyRow(manifest, live as Live | undefined)]
    })
  }
  const configured = new Map<string, V1ConfigMap | V1Secret>()
  for (const service of services.values()) {
    await section(`settings of ${service.metadata!.name}`, async () => {
      for (const { kind, name } of referencesOf(service)) {
        const found = await find<V1ConfigMap | V1Secret>(objects, {
          apiVersion: 'v1',
          kind,
          metadata: { name, namespace: FUNCTIONS }
        })
        if (found !== undefined) configured.set(`${kind} ${name}`, found)
      }
      return [settingsRow(service, configured)]
    })
  }
  const deploy = services.get('deploy')
  const {
    JOBS_NAMESPACE: namespace = 'gx4ki-jobs',
    DEFAULT_TEMPLATE = 'drive',
    IMAGE: image = '',
    UPLOAD_URL: uploadUrl = '',
    PUBLIC_URL: publicUrl = ''
  } = deploy === undefined ? {} : settingsOf(deploy, configured)
  await section('route to job-watch', async () => [await routeRow(await entryOf(objects), probeOf(publicUrl))])

  progress('the rights of the ServiceAccounts')
  const accounts = accountsOf(manifests('ServiceAccount', 'Role', 'RoleBinding'), {
    jobs: namespace,
    functions: FUNCTIONS
  })
  for (const account of accounts) rows.push(await rightsOf(config, account))
  await section('pod admission', async () => [await fenceRow(config, namespace, image)])
  await section('templates', async () => {
    const data = (configured.get('ConfigMap gx4ki-templates') as V1ConfigMap | undefined)?.data ?? {}
    return await templateRows(config, readTemplates(data), { namespace, image, uploadUrl }, DEFAULT_TEMPLATE)
  })
  await lookFromInside(services, namespace)
}

async function lookFromInside (services: Map<string, Service>, namespace: string): Promise<void> {
  const [deploy, resultFetch] = [services.get('deploy'), services.get('result-fetch')]
  if (deploy === undefined || resultFetch === undefined) {
    rows.push(
      broken(
        'store, events, orphans',
        'cannot be checked without the Services deploy and result-fetch',
        'fix the broken rows above'
      )
    )
    return
  }
  progress('store, events and orphans from a pod in the cluster; it runs a job, which takes a minute or two')
  await section('orphans in Kubernetes', async () => {
    const all = await objectsOfJobs(config, namespace, new Date())
    const args = [
      ...(fix ? ['--fix'] : []),
      ...(canary === undefined ? [] : ['--template', canary]),
      '--deploy',
      addressOf(deploy),
      '--result-fetch',
      addressOf(resultFetch),
      ...new Set(all.map(({ job }) => job))
    ]
    const { rows: seen, unknown } = await runInCluster(config, FUNCTIONS, doctorJob(resultFetch, args))
    rows.push(...seen)
    if (unknown === undefined) {
      return [
        degraded(
          'orphans in Kubernetes',
          'unknown: the records of the jobs in the store could not be listed',
          'fix the broken rows above'
        )
      ]
    }
    const orphans = all.filter(({ job }) => unknown.includes(job))
    if (fix) await removeObjects(config, namespace, orphans)
    return clusterOrphanRows(orphans, { all: all.length, removed: fix })
  })
}

/** The entry point: a route, or the Deployment of the component path-router. */
async function entryOf (objects: KubernetesObjectApi): Promise<Entry> {
  const [manifest] = manifests('HTTPRoute')
  const deployment = await find<V1Deployment>(objects, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'entry', namespace: FUNCTIONS }
  })
  const name = configurationOf(deployment)
  return {
    route: await find<Route>(objects, manifest!),
    deployment,
    configuration: name === undefined
      ? undefined
      : await find<V1ConfigMap>(objects, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: FUNCTIONS } })
  }
}

/** The URL of a Service inside the cluster. */
function addressOf ({ metadata, status }: Service): string {
  return status?.address?.url ?? `http://${metadata!.name}.${FUNCTIONS}.svc.cluster.local`
}

/** Runs one group of checks. An error becomes a row, so that the other groups still run. */
async function section (
  check: string,
  ask: () => Promise<Row[]>,
  mend = 'run the doctor as a user who may read and create these objects'
): Promise<void> {
  try {
    rows.push(...await ask())
  } catch (error) {
    rows.push(broken(check, wordsOf(error), mend))
  }
}

async function find<T extends KubernetesObject> (
  objects: KubernetesObjectApi,
  { apiVersion, kind, metadata }: Manifest
): Promise<T | undefined> {
  try {
    return await objects.read<T>({ apiVersion, kind, metadata } as T & { metadata: Manifest['metadata'] })
  } catch (error) {
    // The API server also answers 404 when it does not know the kind.
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

function progress (what: string): void {
  console.error(`Checking ${what} …`)
}
