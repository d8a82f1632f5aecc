import {
  type KubeConfig,
  AuthorizationV1Api,
  CoreV1Api,
  KubeConfig as Config,
  type V1ResourceAttributes,
  type V1Role,
  type V1RoleBinding
} from '@kubernetes/client-node'
import type { Manifest } from '../manifests.ts'
import { broken, degraded, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'

/** A ServiceAccount, the rights that it needs, and the rights that it must not have. */
export interface Account {
  namespace: string
  name: string
  must: V1ResourceAttributes[]
  mustNot: V1ResourceAttributes[]
}

/** A few rights that no account may have, because each leads to more. Without a namespace: in the whole cluster. */
const forbidden = (jobs: string, functions: string): V1ResourceAttributes[] => [
  { namespace: jobs, verb: 'get', resource: 'secrets' },
  { namespace: functions, verb: 'list', resource: 'secrets' },
  { namespace: jobs, verb: 'create', resource: 'pods', subresource: 'exec' },
  { namespace: jobs, verb: 'create', resource: 'pods' },
  { verb: 'list', resource: 'pods' },
  { verb: '*', group: '*', resource: '*' }
]

/**
 * The ServiceAccounts of an installation with the rights from its Roles and RoleBindings, and the account of the jobs'
 * pods, which needs no rights.
 */
export function accountsOf (
  manifests: Manifest[],
  { jobs, functions }: { jobs: string, functions: string }
): Account[] {
  const ofKind = (kind: string): Manifest[] => manifests.filter((one) => one.kind === kind)
  const mustNot = forbidden(jobs, functions)
  const accounts = ofKind('ServiceAccount').map(({ metadata: { namespace, name } }): Account => ({
    namespace,
    name,
    must: ofKind('RoleBinding').filter((one) =>
      (one as V1RoleBinding).subjects?.some((subject) => subject.name === name && subject.namespace === namespace)
    ).flatMap((binding) => {
      const role = ofKind('Role').find(({ metadata }) =>
        metadata.name === (binding as V1RoleBinding).roleRef.name && metadata.namespace === binding.metadata.namespace
      )
      return accessesOf(role as V1Role | undefined, binding.metadata.namespace)
    }),
    mustNot
  }))
  return [...accounts, { namespace: jobs, name: 'default', must: [], mustNot }]
}

function accessesOf (role: V1Role | undefined, namespace: string): V1ResourceAttributes[] {
  return (role?.rules ?? []).flatMap(({ apiGroups = [], resources = [], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((path) =>
        verbs.map((verb) => {
          const [resource = '', subresource] = path.split('/')
          return { namespace, verb, group, resource, ...(subresource !== undefined && { subresource }) }
        })
      )
    )
  )
}

/** Asks the API server as the account itself, one access review after the other. */
export async function rightsOf (config: KubeConfig, account: Account): Promise<Row> {
  try {
    const own = await configAs(config, account)
    const api = own.makeApiClient(AuthorizationV1Api)
    const allowed = async (resourceAttributes: V1ResourceAttributes): Promise<boolean> => {
      const { status } = await api.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } })
      return status?.allowed === true
    }
    const missing: V1ResourceAttributes[] = []
    const excessive: V1ResourceAttributes[] = []
    for (const access of account.must) if (!await allowed(access)) missing.push(access)
    for (const access of account.mustNot) if (await allowed(access)) excessive.push(access)
    return rightsRow(account, missing, excessive)
  } catch (error) {
    return degraded(
      checkOf(account),
      `unknown: ${wordsOf(error)}`,
      'run the doctor as a user who may create tokens of ServiceAccounts'
    )
  }
}

/** The same cluster with a token of the account that is valid for ten minutes. */
async function configAs (config: KubeConfig, { namespace, name }: Account): Promise<KubeConfig> {
  const { status } = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    namespace,
    name,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [], expirationSeconds: 600 }
    }
  })
  const own = new Config()
  own.loadFromClusterAndUser(config.getCurrentCluster()!, { name, token: status?.token ?? '' })
  return own
}

export function rightsRow (account: Account, missing: V1ResourceAttributes[], excessive: V1ResourceAttributes[]): Row {
  const { must, mustNot, name } = account
  const check = checkOf(account)
  if (excessive.length > 0) {
    return broken(
      check,
      `may ${listed(excessive)}, which it must not`,
      `find the binding that grants it: kubectl get rolebindings,clusterrolebindings -A -o wide | grep -w ${name}`
    )
  }
  if (missing.length > 0) return broken(check, `may not ${listed(missing)}`, 'kubectl apply -k your overlay')
  return works(
    check,
    `${
      must.length === 0 ? 'needs no rights' : `has all ${must.length} rights that it needs`
    }, and has none of ${mustNot.length} forbidden rights`
  )
}

const checkOf = ({ namespace, name }: Account): string =>
  `rights of ${name === 'default' ? `the pods in ${namespace}` : name}`

function listed (accesses: V1ResourceAttributes[]): string {
  return accesses.map(({ verb, resource, subresource, namespace }) => {
    const what = resource === '*'
      ? 'do everything'
      : `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`
    return namespace === undefined ? `${what} in the whole cluster` : what
  }).join(', ')
}
