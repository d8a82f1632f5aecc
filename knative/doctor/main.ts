/**
 * `make doctor`: is the installation well that KUBECONFIG leads to? This half asks the API server, as its operator; the
 * other one, in-cluster/, runs there as a pod with the keys of the store and no rights. Only `--fix` changes anything
 * that is not the doctor's own.
 */
import { parseArgs } from 'node:util'
import {
  KubeConfig,
  KubernetesObjectApi,
  type KubernetesObject,
  type V1ConfigMap,
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
  }, 'KUBECONFIG must lead to the cluster, with a current context')
  // Without it nothing else can be said.
  if (rows.some(isBroken)) return

  const objects = KubernetesObjectApi.makeApiClient(config)
  progress('what is installed')
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
    UPLOAD_URL: uploadUrl = ''
  } = deploy === undefined ? {} : settingsOf(deploy, configured)

  progress('who may do what')
  const accounts = accountsOf(manifests('ServiceAccount', 'Role', 'RoleBinding'), {
    jobs: namespace,
    functions: FUNCTIONS
  })
  for (const account of accounts) rows.push(await rightsOf(config, account))
  await section('what may run among the jobs', async () => [await fenceRow(config, namespace, image)])
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
        'cannot be looked at without the Services deploy and result-fetch',
        'mend what is broken above'
      )
    )
    return
  }
  progress('store, events and orphans, from a pod in the cluster; it runs a job, which takes a minute or two')
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
          'not known: only the store says which jobs have a record',
          'mend what is broken above'
        )
      ]
    }
    const orphans = all.filter(({ job }) => unknown.includes(job))
    if (fix) await removeObjects(config, namespace, orphans)
    return clusterOrphanRows(orphans, { all: all.length, removed: fix })
  })
}

/** How a Service is reached within the cluster. */
function addressOf ({ metadata, status }: Service): string {
  return status?.address?.url ?? `http://${metadata!.name}.${FUNCTIONS}.svc.cluster.local`
}

/** One that fails is a row, and keeps no other from being asked. */
async function section (
  check: string,
  ask: () => Promise<Row[]>,
  mend = 'ask as somebody who may see and do all of this'
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
    // Also where its whole kind is unknown.
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

function progress (what: string): void {
  console.error(`Looking at ${what} …`)
}
