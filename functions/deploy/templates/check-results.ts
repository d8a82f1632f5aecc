import type { V1Job } from '@kubernetes/client-node'
import { graceOfPod } from '../start/job-objects.ts'

/**
 * Whether all results of a template's jobs can be collected. Throws when they cannot; answers what its author should know
 * otherwise.
 */
export function checkResults ({ spec }: V1Job, resultsPath: string): { warnings: string[] } {
  const { completions, parallelism, completionMode } = spec!
  const pod = spec!.template.spec!
  for (const [field, value] of Object.entries({ completions, parallelism })) {
    if (value !== undefined && value !== 1) {
      throw new Error(`spec.${field} is ${value}: the results of a job come from one pod, so it must be 1`)
    }
  }
  if (completionMode === 'Indexed') throw new Error('spec.completionMode must be NonIndexed: a job has one pod')

  const results = pod.volumes?.find(({ name }) => name === 'results')
  if (results !== undefined && results.emptyDir === undefined) {
    throw new Error('the volume "results" must be an emptyDir: the uploader brings up what one job has written there')
  }
  for (const { name, mountPath } of pod.containers[0]!.volumeMounts ?? []) {
    if (name !== 'results' && isWithin(mountPath, resultsPath)) {
      throw new Error(`the volume "${name}" is mounted at ${mountPath}, within the result folder ${resultsPath}: ` +
        'its files could not be collected; mount it elsewhere, or copy what is a result')
    }
  }
  const { warning } = graceOfPod(pod)
  return { warnings: warning === undefined ? [] : [warning] }
}

function isWithin (path: string, folder: string): boolean {
  const [inner, outer] = [path, folder].map((one) => `${one.replace(/\/+$/, '')}/`)
  return inner!.startsWith(outer!)
}
