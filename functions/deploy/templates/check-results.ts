import type { V1Container, V1Job, V1PodSpec, V1Volume } from '@kubernetes/client-node'
import { graceOfPod, RESULTS_SIZE } from '../start/grace-of.ts'
import { parseQuantity } from '../start/parse-quantity.ts'
import { ttlOf } from '../start/ttl-of.ts'
import { STARTED_DIR, TOKEN_DIR } from '../start/uploader-folders.ts'
import { plainPath } from './plain-path.ts'
import { unusable } from './refusals.ts'

/** The uploader has the result volume at the same path, and there it must not hide what the uploader needs. */
const TAKEN = [
  '/app',
  '/dev',
  '/etc',
  '/lib',
  '/lib64',
  '/proc',
  '/sys',
  '/usr/lib',
  '/usr/local/bin',
  TOKEN_DIR,
  STARTED_DIR
]

/** The shortest grace period: the uploader keeps two seconds of it for its last words, and must upload before. */
const SHORTEST_GRACE = 5

const UNLIMITED = `the volume "results" has no sizeLimit: there is time for ${RESULTS_SIZE} of results when the ` +
  'workload has ended, and what is more may not come up; set emptyDir.sizeLimit'

/**
 * Whether all results of a template's jobs can be collected. Throws when they cannot. Returns what its author should
 * know otherwise.
 */
export function checkResults ({ spec }: V1Job, resultsPath: string): { warnings: string[] } {
  const pod = spec!.template.spec!
  checkOnePod(spec!)
  checkPath(resultsPath)
  checkNames(pod)
  const results = pod.volumes?.find(({ name }) => name === 'results')
  if (results !== undefined) checkVolume(results)
  for (const container of containersOf(pod)) checkMounts(container, resultsPath)

  const { terminationGracePeriodSeconds: seconds } = pod
  if (seconds !== undefined && seconds < SHORTEST_GRACE) {
    throw unusable('grace', `terminationGracePeriodSeconds is ${seconds}, and must be ${SHORTEST_GRACE} or more`)
  }
  const warnings = [graceOfPod(pod).warning, ttlOf(spec!).warning]
  return {
    warnings: [
      ...warnings.filter((warning) => warning !== undefined),
      ...(results === undefined || isLimited(results) ? [] : [UNLIMITED])
    ]
  }
}

function checkOnePod ({ completions, parallelism, completionMode }: V1Job['spec'] & object): void {
  for (const [field, value] of Object.entries({ completions, parallelism })) {
    if ((value ?? 1) !== 1) {
      throw unusable('pods', `spec.${field} is ${JSON.stringify(value)}`)
    }
  }
  if (completionMode === 'Indexed') {
    throw unusable('pods', 'spec.completionMode is Indexed')
  }
}

function checkPath (path: string): void {
  const taken = TAKEN.find((one) => isWithin(one, path) || isWithin(path, one))
  if (path === '/' || taken !== undefined) {
    throw unusable(
      'folder',
      `the result folder ${path} cannot be used, because the uploader has the result volume at the same ` +
        `path${taken === undefined || path === '/' ? '' : `, and needs ${taken}`}`
    )
  }
}

function checkNames (pod: V1PodSpec): void {
  for (const { name } of containersOf(pod)) {
    if (name === 'uploader') throw unusable('names', 'the container "uploader" must have another name')
  }
  for (const { name } of pod.volumes ?? []) {
    if (name === 'uploader-token' || name === 'uploader-started') {
      throw unusable('names', `the volume "${name}" must have another name`)
    }
  }
}

function checkVolume ({ name, ...sources }: V1Volume): void {
  // Kubernetes takes a volume without a source for an emptyDir.
  const other = Object.entries(sources).find(([kind, source]) => kind !== 'emptyDir' && Boolean(source))
  if (other !== undefined) {
    throw unusable('volume', `the volume "${name}" is of the kind ${other[0]}, and must be an emptyDir`)
  }
  try {
    parseQuantity(sources.emptyDir?.sizeLimit ?? 0)
  } catch (cause) {
    throw unusable('size', `the sizeLimit of the volume "${name}": ${(cause as Error).message}`, cause)
  }
}

/** Files in another volume below the result folder look like results, but the uploader cannot see them. */
function checkMounts ({ name: container, volumeMounts }: V1Container, resultsPath: string): void {
  const mounts = (volumeMounts ?? []).map(({ name, mountPath }) => ({ name, path: plainPath(mountPath) }))
  const folders = [resultsPath, ...mounts.filter(({ name }) => name === 'results').map(({ path }) => path)]
  for (const { name, path } of mounts) {
    const folder = folders.find((one) => isWithin(path, one))
    if (name === 'results' || folder === undefined) continue
    throw unusable(
      'mount',
      `the container "${container}" mounts the volume "${name}" at ${path}, within the result folder ${folder}`
    )
  }
}

/** Kubernetes takes a limit of 0 for none. */
function isLimited ({ emptyDir }: V1Volume): boolean {
  return parseQuantity(emptyDir?.sizeLimit ?? 0) > 0
}

function containersOf ({ initContainers, containers }: V1PodSpec): V1Container[] {
  return [...initContainers ?? [], ...containers]
}

/** Whether a path is a folder or lies within it. */
function isWithin (path: string, folder: string): boolean {
  return `${path}/`.startsWith(folder === '/' ? '/' : `${folder}/`)
}
