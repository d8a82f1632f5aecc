import type { V1Container, V1PodSpec, V1SecurityContext } from '@kubernetes/client-node'
import { unusable } from './refusals.ts'

const AT = 'spec.template.spec'

/** The profile with which nothing is confined. */
const UNCONFINED = 'Unconfined'

/**
 * Refuses a pod that Pod Security `restricted` does not allow, which the namespace of the jobs enforces: the API server
 * would take the Job, and no pod would ever be made. What the template leaves out, deploy sets as required.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function checkPrivileges (pod: V1PodSpec): void {
  checkUser(pod.securityContext, AT)
  const found = [
    ...(['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => pod[field]).map((field) => `${AT}.${field}`),
    ...(pod.volumes ?? []).flatMap(({ hostPath }, at) => hostPath ? [`${AT}.volumes[${at}].hostPath`] : []),
    ...ofContext(pod.securityContext, AT)
  ]
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [at, container] of (pod[list] ?? []).entries()) {
      checkUser(container.securityContext, `${AT}.${list}[${at}]`)
      found.push(...ofContainer(container, `${AT}.${list}[${at}]`))
    }
  }
  if (found.length > 0) throw unusable('privileges', `${found.join(', ')} cannot be used`)
}

function checkUser ({ runAsUser, runAsNonRoot }: V1SecurityContext = {}, at: string): void {
  if (runAsUser === 0) throw unusable('root', `${at}.securityContext.runAsUser is 0, which is root`)
  if (runAsNonRoot === false) throw unusable('root', `${at}.securityContext.runAsNonRoot is false`)
}

function ofContainer ({ securityContext: context = {}, ports = [] }: V1Container, at: string): string[] {
  const { privileged, allowPrivilegeEscalation, capabilities, procMount } = context
  const own = `${at}.securityContext`
  return [
    ...privileged ? [`${own}.privileged`] : [],
    ...allowPrivilegeEscalation ? [`${own}.allowPrivilegeEscalation`] : [],
    ...capabilities?.add?.some((one) => one !== 'NET_BIND_SERVICE') ? [`${own}.capabilities.add`] : [],
    ...capabilities !== undefined && !capabilities.drop?.includes('ALL') ? [`${own}.capabilities without drop: [ALL]`] : [],
    ...procMount !== undefined && procMount !== 'Default' ? [`${own}.procMount`] : [],
    ...(ports ?? []).flatMap(({ hostPort }, index) => hostPort ? [`${at}.ports[${index}].hostPort`] : []),
    ...ofContext(context, at)
  ]
}

function ofContext ({ seccompProfile, appArmorProfile }: V1SecurityContext = {}, at: string): string[] {
  return Object.entries({ seccompProfile, appArmorProfile })
    .filter(([, profile]) => profile?.type === UNCONFINED)
    .map(([field]) => `${at}.securityContext.${field}`)
}
