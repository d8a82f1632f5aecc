import type { V1PodSpec } from '@kubernetes/client-node'
import { unusable } from './refusals.ts'
import type { EnvSchema } from './read-variables.ts'
import { isTooLong, tooLong } from './too-long.ts'

/** Refuses texts with which Linux starts no program. The first container has the variables, with their defaults. */
export function checkLengths ({ initContainers = [], containers }: V1PodSpec, { properties }: EnvSchema): void {
  const [workload, ...others] = containers
  const defaults = Object.fromEntries(
    Object.entries(properties).map(([name, { default: value = '' }]) => [name, String(value)])
  )
  const given = Object.entries(defaults).filter(([name, value]) => isTooLong(`${name}=${value}`))
  const found = [
    ...given.map(([name]) => `the default of ${name}`),
    ...[...initContainers, ...others].flatMap((container) => tooLong(container, {})).map(({ what }) => what),
    ...tooLong(workload!, defaults).map(({ what }) => what)
  ]
  if (found.length > 0) throw unusable('length', `${found.join(', ')} is too long`)
}
