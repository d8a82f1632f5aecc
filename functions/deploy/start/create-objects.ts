import type { KubernetesObject, V1Job } from '@kubernetes/client-node'
import { jobToken } from '../../../shared/access/job-token.ts'
import { isProblem, type ProblemError } from '../../../shared/http/problem.ts'
import {
  type Cluster,
  JOB_LABEL,
  kubernetesUnavailable,
  objectName,
  orAbsent
} from '../../../shared/kubernetes/cluster.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import type { ResolvedEnv } from '../intake/resolve-env.ts'
import type { Template } from '../templates/read-templates.ts'
import { createObject } from './create-object.ts'
import { deleteJob } from './delete-job.ts'
import { jobObject } from './job-object.ts'
import { configMapObject, secretObject } from './owned-objects.ts'
import type { JobSettings } from './uploader-container.ts'
import { neverMade } from './never-made.ts'
import { withRoom } from './with-room.ts'

interface Place {
  store: Store
  cluster: Cluster
  tokenKey: string
  settings: JobSettings
}

/**
 * Lets the API server validate all objects of the job. Creates nothing. Returns its warnings; throws when Kubernetes
 * refuses an object.
 */
export async function checkJob (
  place: Place,
  template: Template,
  id: string,
  env: ResolvedEnv,
  queue: string | undefined
): Promise<string[]> {
  return (await createObjects(place, template, id, env, queue, { dryRun: 'All' })).warnings
}

/**
 * Creates the Job of a job, and then the ConfigMap and Secret that it owns; objects that are there already stay. Throws
 * when Kubernetes refuses one of them; then nothing of the job is left. The pod waits for its ConfigMap and Secret, and
 * they wait until the record is `stored`: no workload runs whose job has no record.
 */
export async function createObjects (
  { store, cluster, tokenKey, settings }: Place,
  template: Template,
  id: string,
  env: ResolvedEnv,
  queue: string | undefined,
  { dryRun, stored }: { dryRun: 'All', stored?: undefined } | { dryRun?: undefined, stored: unknown }
): Promise<{ job: KubernetesObject, warnings: string[] }> {
  const create = async (resource: 'jobs' | 'configmaps' | 'secrets', body: KubernetesObject) =>
    dryRun === undefined
      ? await withRoom({ store, cluster }, async () => await createObject(cluster, resource, body))
      : await createObject(cluster, resource, body, { dryRun })

  const creating = create('jobs', jobObject(template, id, env, settings, queue))
    .catch(async (error: unknown) => {
      // A Job is refused before the API server looks whether there is one of this name.
      const job = isRefused(error) && !dryRun ? await findJob(cluster, id) : undefined
      if (job === undefined) throw error
      return { object: undefined, warnings: [] }
    })
  await Promise.allSettled([creating, stored])
  await stored
  const { object, warnings } = await creating
  const job = object ?? await existingJob(cluster, id)
  // The Job owns both objects, so it must exist first.
  const made = await Promise.allSettled([
    create('configmaps', configMapObject(job, env)),
    create('secrets', secretObject(job, env, jobToken(tokenKey, id)))
  ])
  const errors = made.flatMap((one) => one.status === 'rejected' ? [one.reason as unknown] : [])
  if (errors.length === 0) return { job, warnings }
  const error = errors.find(isRefused) ?? errors[0]
  if (dryRun) throw error
  // The outer error says that there may be a Job. Another process has made this one, and goes on with it.
  if (object === undefined || !errors.some(isAnswer)) throw kubernetesUnavailable(error)
  // Without them the pod can never start. The caller gets the words of Kubernetes, and nothing of the job remains.
  await deleteJob(cluster, id).catch((cause: unknown) => {
    throw kubernetesUnavailable(cause)
  })
  throw error
}

/** Whether it is certain that Kubernetes has not made an object. */
function isAnswer (error: unknown): boolean {
  return isRefused(error) || neverMade((error as Error).cause)
}

/** Whether Kubernetes refused an object: then the caller gets its words. */
export function isRefused (error: unknown): error is ProblemError {
  return isProblem(error, 'rejected-by-kubernetes') || isProblem(error, 'quota-exceeded')
}

async function findJob ({ batch, namespace }: Cluster, id: string): Promise<V1Job | undefined> {
  return await orAbsent(batch.readNamespacedJob({ namespace, name: objectName(id) }))
}

async function existingJob (cluster: Cluster, id: string): Promise<V1Job> {
  const job = await findJob(cluster, id)
  if (job?.metadata?.labels?.[JOB_LABEL] !== id) {
    throw kubernetesUnavailable(new Error(`the Job ${objectName(id)} has no label ${JOB_LABEL}=${id}; delete that Job`))
  }
  return job
}
