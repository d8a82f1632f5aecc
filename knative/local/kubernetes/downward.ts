import type { V1Container, V1ResourceFieldSelector } from '@kubernetes/client-node'
import { statfsSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import type { Pod, Wire } from './objects.ts'

/** The fields of a pod that a variable can have: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */
export const FIELD_PATH =
  '^(metadata\\.(name|namespace|uid|(labels|annotations)\\[\'[^\']+\'\\])|spec\\.(nodeName|serviceAccountName)|status\\.(hostIPs?|podIPs?))$'
/** The resources of a container that a variable can have. */
export const RESOURCE = '^(limits|requests)\\.(cpu|memory|ephemeral-storage|hugepages-.+)$'

/** The name and the address of the only node, and the address of every pod. */
const NODE = 'local'
const ADDRESS = '127.0.0.1'

/** The value of a `fieldRef`. */
export function fieldOf ({ metadata, spec }: Pod, fieldPath: string): string {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath) ?? []
  if (key !== undefined) return metadata[map as 'labels' | 'annotations']?.[key] ?? ''
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name
    case 'metadata.namespace':
      return metadata.namespace
    case 'metadata.uid':
      return metadata.uid
    case 'spec.nodeName':
      return NODE
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? 'default'
    default:
      return ADDRESS
  }
}

/**
 * The value of a `resourceFieldRef`, in units of its divisor and rounded up. Where a container has no limit, it is what
 * the machine has; where it has no request, it is its limit, or 0.
 */
export function resourceOf (
  { spec: { containers, initContainers = [] } }: Pod,
  own: Wire<V1Container>,
  { containerName, resource, divisor }: Wire<V1ResourceFieldSelector>
): string {
  const { resources } = [...containers, ...initContainers].find(({ name }) => name === containerName) ?? own
  const [, kind, name = ''] = /^(limits|requests)\.(.+)$/.exec(resource) ?? []
  const limit = resources?.limits?.[name]
  const quantity = kind === 'limits' ? limit : resources?.requests?.[name] ?? limit
  const amount = quantity === undefined || (kind === 'limits' && amountOf(quantity) === 0)
    ? kind === 'limits' ? capacityOf(name) : 0
    : amountOf(quantity)
  // Without the last digits, in which 8.05 / 0.001 is more than 8050.
  return String(Math.ceil(Number((amount / (amountOf(divisor ?? '1') || 1)).toPrecision(12))))
}

const FACTORS: Record<string, number> = { n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3 }
for (const [at, letter] of [...'KMGTPE'].entries()) {
  FACTORS[`${letter}i`] = 1024 ** (at + 1)
  FACTORS[letter] ??= 1000 ** (at + 1)
}

/** A quantity as a number; the API server has checked its form. */
function amountOf (quantity: string | number): number {
  const [, number, suffix = ''] = /^([+-]?[0-9.]+(?:[eE][-+]?[0-9]+)?)([a-zA-Z]*)$/.exec(String(quantity)) ?? []
  return Number(number) * FACTORS[suffix]!
}

function capacityOf (resource: string): number {
  switch (resource) {
    case 'cpu':
      return availableParallelism()
    case 'memory':
      return totalmem()
    case 'ephemeral-storage': {
      const { blocks, bsize } = statfsSync('/')
      return blocks * bsize
    }
    default:
      return 0
  }
}
