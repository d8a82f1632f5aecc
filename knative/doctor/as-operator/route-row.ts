import type { KubernetesObject, V1ConfigMap, V1Deployment } from '@kubernetes/client-node'
import { broken, degraded, type Row, works } from '../row.ts'
import type { Condition } from './ready-row.ts'

const CHECK = 'route to job-watch'
const INSTALL = 'see "Entry point" and "A Gateway without patterns" in docs/install.md'

/** The fields of the HTTPRoute that this check reads. */
export type Route = KubernetesObject & {
  spec?: { rules?: { filters?: { urlRewrite?: { hostname?: string } }[] }[] }
  status?: { parents?: { conditions?: Condition[] }[] }
}

/** What an installation has as its entry point: one of both. */
export interface Entry {
  route: Route | undefined
  deployment: V1Deployment | undefined
  /** What the nginx of the Deployment is configured with. */
  configuration: V1ConfigMap | undefined
}

/** The status of the answer at a path of job-watch; `undefined` if the entry point cannot be asked from here. */
export type Probe = () => Promise<number | undefined>

/**
 * Whether the entry point leads to job-watch. Its route is the only one with a pattern: without it a caller gets no
 * events and no logs, while everything else works.
 */
export async function routeRow ({ route, deployment, configuration }: Entry, probe: Probe): Promise<Row> {
  if (route === undefined && deployment === undefined) {
    return degraded(CHECK, 'there is neither the HTTPRoute gx4ki nor the Deployment entry', INSTALL)
  }
  const fault = route === undefined ? faultOfEntry(configuration) : faultOfRoute(route)
  if (fault !== undefined) return broken(CHECK, fault, `kubectl apply -k your overlay; ${INSTALL}`)
  const kind = route === undefined ? 'the Deployment entry' : 'the HTTPRoute gx4ki'
  const status = await probe()
  if (status === 404) return broken(CHECK, `${kind} is there, but PUBLIC_URL leads to another function`, INSTALL)
  return works(CHECK, status === undefined ? `${kind} has it` : `PUBLIC_URL leads to it, by ${kind}`)
}

function faultOfEntry (configuration: V1ConfigMap | undefined): string | undefined {
  const isThere = Object.values(configuration?.data ?? {}).some((text) => /\sjob-watch;/.test(text))
  return isThere ? undefined : 'the nginx of the Deployment entry has no route to job-watch'
}

function faultOfRoute ({ spec, status }: Route): string | undefined {
  const hosts = (spec?.rules ?? []).flatMap(({ filters = [] }) => filters.map(({ urlRewrite }) => urlRewrite?.hostname))
  if (!hosts.some((host) => host?.startsWith('job-watch.'))) return 'the HTTPRoute gx4ki has no rule for job-watch'
  const parents = status?.parents ?? []
  if (parents.length === 0) return 'no Gateway has taken the HTTPRoute gx4ki'
  const refused = parents.flatMap(({ conditions = [] }) => conditions).find(({ type, status }) =>
    type === 'PartiallyInvalid' ? status === 'True' : ['Accepted', 'ResolvedRefs'].includes(type) && status === 'False')
  return refused && `the Gateway refuses the HTTPRoute gx4ki, or a part of it: ${[refused.reason, refused.message].filter(Boolean).join(': ')}`
}

/** The ConfigMap with the configuration of nginx. An overlay may add a hash to its name. */
export function configurationOf (deployment: V1Deployment | undefined): string | undefined {
  return deployment?.spec?.template.spec?.volumes?.find(({ name }) => name === 'configuration')?.configMap?.name
}

/** How long a function may take to start. */
const PATIENCE_MS = 30_000

/** Asks job-watch for the events of what is no job, which it refuses before it does anything else. */
export function probeOf (publicUrl: string): Probe {
  return async () => {
    // An address of the cluster leads nowhere on the machine of the operator.
    if (!URL.canParse(publicUrl) || /\.svc(\.cluster\.local)?$/.test(new URL(publicUrl).hostname)) return undefined
    const url = `${publicUrl.replace(/\/$/, '')}/job/x/events`
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined)
    await answer?.body?.cancel()
    return answer !== undefined && answer.status < 500 ? answer.status : undefined
  }
}
