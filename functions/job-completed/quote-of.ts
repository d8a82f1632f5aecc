import type { V1Pod } from '@kubernetes/client-node'
import { sentence } from '../../shared/job/reasons/sentence.ts'

/**
 * What Kubernetes says about a container, as a sentence; `undefined` when it must not be shown. The kubelet and the
 * runtime quote the command, and a path of a mount, after `$(NAME)` is expanded in it: that may be a secret value.
 */
export function quoteOf ({ spec }: V1Pod, name: string, message: string | undefined): string | undefined {
  const container = [...spec?.initContainers ?? [], ...spec?.containers ?? []].find((one) => one.name === name)
  const { command, args, volumeMounts } = container ?? {}
  const expands = JSON.stringify([command, args, volumeMounts]).includes('$(')
  return message === undefined || message.trim() === '' || expands ? undefined : sentence(message)
}
