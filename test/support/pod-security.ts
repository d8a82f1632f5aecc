import type { V1Container, V1PodSpec, V1SecurityContext } from '@kubernetes/client-node'

const volumeTypes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret'
])
const seLinuxTypes = [undefined, '', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem'
])

/**
 * The fields of a pod that the level `restricted` of the Pod Security Standards does not allow;
 * kubernetes.io/docs/concepts/security/pod-security-standards.
 */
export function restrictedViolations (pod: V1PodSpec): string[] {
  const { securityContext: own = {} } = pod
  const found: string[] = []
  for (const share of ['hostNetwork', 'hostPID', 'hostIPC'] as const) if (pod[share]) found.push(share)
  for (const { name, ...source } of pod.volumes ?? []) {
    for (const type of Object.keys(source)) if (!volumeTypes.has(type)) found.push(`volume ${name}: ${type}`)
  }
  for (const { name } of own.sysctls ?? []) if (!safeSysctls.has(name)) found.push(`sysctl ${name}`)
  found.push(...contextViolations('pod', own))
  for (const container of [...pod.initContainers ?? [], ...pod.containers]) {
    found.push(...containerViolations(container, own))
  }
  return found
}

function containerViolations (
  { name, securityContext: context = {}, ports = [], ...container }: V1Container,
  pod: NonNullable<V1PodSpec['securityContext']>
): string[] {
  const found = contextViolations(name, context)
  if (context.privileged) found.push(`${name}: privileged`)
  if (context.allowPrivilegeEscalation !== false) found.push(`${name}: allowPrivilegeEscalation`)
  if (!context.capabilities?.drop?.includes('ALL')) found.push(`${name}: capabilities.drop`)
  if (context.capabilities?.add?.some((one) => one !== 'NET_BIND_SERVICE')) found.push(`${name}: capabilities.add`)
  if ((context.runAsNonRoot ?? pod.runAsNonRoot) !== true) found.push(`${name}: runAsNonRoot`)
  if ((context.seccompProfile ?? pod.seccompProfile) === undefined) found.push(`${name}: seccompProfile`)
  if (![undefined, 'Default'].includes(context.procMount)) found.push(`${name}: procMount`)
  if (ports.some(({ hostPort }) => hostPort)) found.push(`${name}: hostPort`)
  if (
    /"host":/.test(
      JSON.stringify([container.livenessProbe, container.readinessProbe, container.startupProbe, container.lifecycle])
    )
  ) found.push(`${name}: host of a probe`)
  return found
}

/** Checks the fields that a pod and a container have in common. */
function contextViolations (name: string, context: V1SecurityContext): string[] {
  const found: string[] = []
  if (context.runAsUser === 0) found.push(`${name}: runAsUser`)
  if (context.runAsNonRoot === false) found.push(`${name}: runAsNonRoot`)
  if (![undefined, 'RuntimeDefault', 'Localhost'].includes(context.seccompProfile?.type)) {
    found.push(`${name}: seccompProfile`)
  }
  if (![undefined, 'RuntimeDefault', 'Localhost'].includes(context.appArmorProfile?.type)) {
    found.push(`${name}: appArmorProfile`)
  }
  const { type, user, role } = context.seLinuxOptions ?? {}
  if (!seLinuxTypes.includes(type) || user || role) found.push(`${name}: seLinuxOptions`)
  if (context.windowsOptions?.hostProcess) found.push(`${name}: hostProcess`)
  return found
}
