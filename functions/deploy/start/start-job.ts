import type { KubernetesObject, V1Job } from '@kubernetes/client-node'
import { jobToken } from '../../../shared/access/job-token.ts'
import { isProblem, problem, type ProblemError } from '../../../shared/http/problem.ts'
import { advance } from '../../../shared/job/advance.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { unseal } from '../../../shared/job/seal.ts'
import {
  type Cluster,
  JOB_LABEL,
  kubernetesUnavailable,
  objectName,
  orAbsent
} from '../../../shared/kubernetes/cluster.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { createObject } from './create-object.ts'
import { configMapObject, jobObject, type JobSettings, secretObject } from './job-objects.ts'
import { neverMade } from './never-made.ts'
import { withRoom } from './with-room.ts'
import type { Template, Templates } from '../templates/read-templates.ts'
import type { ResolvedEnv } from '../intake/resolve-env.ts'

export interface Deps {
  store: Store
  cluster: Cluster
  /** Reads the current templates. */
  templates: () => Templates
  tokenKey: string
  settings: JobSettings
  /** Whether K_SINK is set. The sink gets the events of every job. */
  hasSink: boolean
  /** Reminds job-completed of an owed callback to which no event about a Job will lead it. */
  remind: (id: string) => void
}

/**
 * Makes sure that an accepted job has its Job, ConfigMap and Secret, and writes that into the record. Every name is
 * derived from the id, so any process can repeat this at any time without duplicates. When another process gave the job
 * up in the meantime, deletes the Job and throws `kubernetes-unavailable`.
 */
export async function startJob (deps: Deps, record: JobRecord): Promise<JobRecord> {
  const { store, tokenKey } = deps
  const id = record.job_uuid
  const template = deps.templates().usable.get(record.template)
  if (template === undefined) {
    throw problem(
      'unknown-template',
      `The template ${record.template} of this job is missing or cannot be used; put it back to start the job`,
      { job_uuid: id }
    )
  }
  // The variable is from https://opentelemetry.io/docs/specs/otel/context/env-carriers/
  const trace = record.traceparent === undefined ? {} : { TRACEPARENT: record.traceparent }
  const env = {
    plain: { ...trace, ...record.env },
    secret: record.sealed_env === undefined ? {} : unseal(tokenKey, id, record.sealed_env)
  }

  const { job, warnings } = await createObjects(deps, template, id, env, record.queue)
  const started = await advanceRecord(
    store,
    id,
    (current) => advance(current, {
      state: 'pending',
      job_uid: job.metadata!.uid!,
      sealed_env: null,
      // What kept it from a Job until now.
      ...(current.state === 'accepted' && { reason: null, message: null }),
      ...(warnings.length > 0 && { message: warnings.join(' ') })
    }, new Date())
  )
  // A stop that came before the Job was created found no Job to delete. And another process may have been refused it.
  const isUnwanted = started?.stop !== undefined || started?.reason === 'RejectedByKubernetes'
  if (started === undefined || isUnwanted) await deleteJob(deps.cluster, id)
  if (started === undefined || isGivenUp(started)) {
    throw problem('kubernetes-unavailable', 'The job was given up while it was being started; send the request again', {
      job_uuid: id
    })
  }
  return started
}

/**
 * Whether the process that accepted the job gave it up and answered so, because Kubernetes did not confirm the Job.
 */
export function isGivenUp ({ stop }: JobRecord): boolean {
  return stop?.reason === 'KubernetesUnavailable'
}

/**
 * Lets the API server validate all objects of the job. Creates nothing. Returns its warnings; throws when Kubernetes
 * refuses an object.
 */
export async function checkJob (
  deps: Deps,
  template: Template,
  id: string,
  env: ResolvedEnv,
  queue: string | undefined
): Promise<string[]> {
  return (await createObjects(deps, template, id, env, queue, 'All')).warnings
}

async function createObjects (
  { store, cluster, tokenKey, settings }: Deps,
  template: Template,
  id: string,
  env: ResolvedEnv,
  queue: string | undefined,
  dryRun?: 'All'
): Promise<{ job: V1Job, warnings: string[] }> {
  const create = async <T extends KubernetesObject>(resource: 'jobs' | 'configmaps' | 'secrets', body: T) =>
    dryRun === undefined
      ? await withRoom({ store, cluster }, async () => await createObject(cluster, resource, body))
      : await createObject(cluster, resource, body, { dryRun })

  const { object, warnings } = await create('jobs', jobObject(template, id, env, settings, queue))
    .catch(async (error: unknown) => {
      // A Job is refused before the API server looks whether there is one of this name.
      const job = isRefused(error) && !dryRun ? await findJob(cluster, id) : undefined
      if (job === undefined) throw error
      return { object: undefined, warnings: [] }
    })
  const job = object ?? await existingJob(cluster, id)
  // The Job owns both objects, so it must exist first. The pod waits for them.
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

/** Deletes a Job and everything that it owns. The Job stays visible until its pods are gone (`ending`). */
export async function deleteJob ({ batch, namespace }: Cluster, id: string): Promise<'ending' | 'absent'> {
  const deleted = await orAbsent(
    batch.deleteNamespacedJob({ namespace, name: objectName(id), propagationPolicy: 'Foreground' })
  )
  return deleted === undefined ? 'absent' : 'ending'
}
