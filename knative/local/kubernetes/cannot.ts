import type { V1Container } from '@kubernetes/client-node'
import type { Job, Pod, Wire } from './objects.ts'

/** Resources that a machine has without devices. */
const ORDINARY = ['cpu', 'memory', 'ephemeral-storage']
const VOLUMES = ['emptyDir', 'secret', 'configMap']

/** What a Job asks for and a machine without a cluster cannot do. The complete list is in docs/settings.md. */
export function cannotRunJob ({ spec }: Job): string[] {
  const { podFailurePolicy, successPolicy, completionMode, backoffLimitPerIndex, managedBy, manualSelector } = spec
  return [
    ...podFailurePolicy ? ['apply spec.podFailurePolicy'] : [],
    ...successPolicy ? ['apply spec.successPolicy'] : [],
    ...completionMode === 'Indexed' || backoffLimitPerIndex !== undefined ? ['run Indexed Jobs (spec.completionMode)'] : [],
    ...managedBy !== undefined && managedBy !== 'kubernetes.io/job-controller'
      ? [`leave a Job to the controller ${managedBy} (spec.managedBy)`]
      : [],
    ...manualSelector ? ['take a selector of a Job\'s own (spec.manualSelector)'] : [],
    ...cannotRunPod(spec.template.spec!, 'spec.template.spec')
  ]
}

export function cannotRunPod (spec: Wire<Pod['spec']>, at = 'spec'): string[] {
  const volumes = (spec.volumes ?? []).flatMap(({ name, ...sources }, index) =>
    Object.keys(sources).filter((kind) => !VOLUMES.includes(kind)).map((kind) =>
      `mount a volume of the kind ${kind} (${at}.volumes[${index}])`
    )
  )
  const containers = (['initContainers', 'containers'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap((container, index) => [
      ...inContainer(container, spec, `${at}.${list}[${index}]`),
      ...list === 'containers' && container.restartPolicy !== undefined
        ? [`restart one container by a policy of its own (${at}.${list}[${index}].restartPolicy)`]
        : []
    ])
  )
  return [
    ...volumes,
    ...containers,
    ...spec.resourceClaims?.length ? [`claim devices (${at}.resourceClaims)`] : [],
    ...spec.schedulingGates?.length ? [`hold back a pod (${at}.schedulingGates)`] : [],
    ...spec.activeDeadlineSeconds !== undefined
      ? [`end one pod of a Job after a time (${at}.activeDeadlineSeconds; spec.activeDeadlineSeconds works)`]
      : [],
    ...spec.os?.name !== undefined && spec.os.name !== 'linux' ? [`run ${spec.os.name} (${at}.os)`] : []
  ]
}

function inContainer (container: Wire<V1Container>, pod: Wire<Pod['spec']>, at: string): string[] {
  const { securityContext, resources, lifecycle, env = [], volumeDevices, restartPolicyRules } = container
  const devices = new Set(
    Object.keys({ ...resources?.requests, ...resources?.limits }).filter((name) => !ORDINARY.includes(name))
  )
  const user = securityContext?.runAsUser ?? pod.securityContext?.runAsUser
  const added = securityContext?.capabilities?.add ?? []
  const hooks = (['postStart', 'preStop'] as const).flatMap((hook) =>
    Object.keys(lifecycle?.[hook] ?? {}).filter((kind) => kind !== 'exec' && kind !== 'sleep').map((kind) =>
      `run a hook of the kind ${kind} (${at}.lifecycle.${hook})`
    )
  )
  return [
    ...[...devices].map((name) => `give a container ${name} (${at}.resources)`),
    ...resources?.claims?.length ? [`give a container devices (${at}.resources.claims)`] : [],
    ...volumeDevices?.length ? [`give a container block devices (${at}.volumeDevices)`] : [],
    ...securityContext?.privileged ? [`run a privileged container (${at}.securityContext.privileged)`] : [],
    ...added.length > 0 ? [`add capabilities (${at}.securityContext.capabilities.add)`] : [],
    ...user === 0 && process.getuid?.() !== 0 ? [`run a container as root (${at}.securityContext.runAsUser)`] : [],
    ...hooks,
    ...lifecycle?.stopSignal !== undefined && lifecycle.stopSignal !== 'SIGTERM'
      ? [`end a container by ${lifecycle.stopSignal} (${at}.lifecycle.stopSignal)`]
      : [],
    ...restartPolicyRules?.length ? [`restart a container by rules (${at}.restartPolicyRules)`] : [],
    ...env.flatMap(({ valueFrom }, index) =>
      valueFrom && 'fileKeyRef' in valueFrom ? [`take a variable from a file (${at}.env[${index}].valueFrom.fileKeyRef)`] : []
    )
  ]
}
