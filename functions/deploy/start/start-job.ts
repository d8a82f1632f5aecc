import type { KubernetesObject, V1Job } from '@kubernetes/client-node'
import { jobToken } from '../../../shared/access/job-token.ts'
import { problem } from '../../../shared/http/problem.ts'
import { advance } from '../../../shared/job/advance.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { unseal } from '../../../shared/job/seal.ts'
import {
  type Cluster,
  genuine,
  JOB_LABEL,
  kubernetesUnavailable,
  objectName,
  orAbsent,
  statusOf
} from '../../../shared/kubernetes/cluster.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { configMapObject, jobObject, type JobSettings, secretObject } from './job-objects.ts'
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

  const job = await createObjects(deps, template, id, env, record.queue)
  const started = await advanceRecord(
    store,
    id,
    (current) => advance(current, { state: 'pending', job_uid: job.metadata!.uid!, sealed_env: null }, new Date())
  )
  // A stop that came before the Job was created found no Job to delete.
  if (started === undefined || started.stop !== undefined) await deleteJob(deps.cluster, id)
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

/** Lets the API server validate all objects of the job. Creates nothing. Throws when Kubernetes refuses one. */
export async function checkJob (
  deps: Deps,
  template: Template,
  id: string,
  env: ResolvedEnv,
  queue: string | undefined
): Promise<void> {
  await createObjects(deps, template, id, env, queue, 'All')
}

async function createObjects (
  { cluster, tokenKey, settings }: Deps,
  template: Template,
  id: string,
  env: ResolvedEnv,
  queue: string | undefined,
  dryRun?: 'All'
): Promise<V1Job> {
  const { batch, core, namespace } = cluster
  const options = { namespace, ...(dryRun && { dryRun }) }
  const made = await created(
    batch.createNamespacedJob({ ...options, body: jobObject(template, id, env, settings, queue) })
  )
  try {
    const job = made ?? await existingJob(cluster, id)
    // The Job owns both objects, so it must exist first. The pod waits for them.
    await Promise.all([
      created(core.createNamespacedConfigMap({ ...options, body: configMapObject(job, env) })),
      created(core.createNamespacedSecret({ ...options, body: secretObject(job, env, jobToken(tokenKey, id)) }))
    ])
    return job
  } catch (error) {
    // The Job exists now, so the caller must not conclude that Kubernetes refused it.
    throw dryRun ? error : kubernetesUnavailable(error)
  }
}

/** The created object, or `undefined` when it existed already. */
async function created<T extends KubernetesObject> (call: Promise<T>): Promise<T | undefined> {
  try {
    return genuine(await call)
  } catch (error) {
    const status = statusOf(error)
    if (status === 409) return undefined
    const message = status === 400 || status === 422 ? statusMessage(error) : undefined
    throw message === undefined
      ? kubernetesUnavailable(error)
      : problem('rejected-by-kubernetes', message, { cause: error })
  }
}

async function existingJob ({ batch, namespace }: Cluster, id: string): Promise<V1Job> {
  const job = await orAbsent(batch.readNamespacedJob({ namespace, name: objectName(id) }))
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

/** The message of a Kubernetes `Status` answer. The exception's own message would repeat the whole answer. */
function statusMessage (error: unknown): string | undefined {
  const { body } = error as { body?: unknown }
  try {
    const status = (typeof body === 'string' ? JSON.parse(body) : body) as
      | { kind?: string, message?: string }
      | null
      | undefined
    return status?.kind === 'Status' ? status.message : undefined
  } catch {
    // The answer is not JSON: for example the error page of a proxy.
    return undefined
  }
}
