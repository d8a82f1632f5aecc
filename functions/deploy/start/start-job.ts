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
  /** As they are just now. */
  templates: () => Templates
  tokenKey: string
  settings: JobSettings
  /** Whether there is a K_SINK, which is told of every job. */
  hasSink: boolean
}

/**
 * Makes sure that an accepted job has its Job, its ConfigMap and its Secret, and says so in the record. Every name
 * follows from the id, so it can be done again at any time, by another process too, and makes nothing twice. When
 * somebody else gave the job up meanwhile, nobody would look after the Job: it is deleted, and the problem is
 * `kubernetes-unavailable`.
 */
export async function startJob (deps: Deps, record: JobRecord): Promise<JobRecord> {
  const { store, tokenKey } = deps
  const id = record.job_uuid
  const template = deps.templates().usable.get(record.template)
  if (template === undefined) {
    throw problem('unknown-template', `The template ${record.template} is gone`, { job_uuid: id })
  }
  // As environments carry it: https://opentelemetry.io/docs/specs/otel/context/env-carriers/
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
  // Somebody stopped the job while its Job was being made, and may have found none to delete.
  if (started === undefined || started.stop !== undefined) await deleteJob(deps.cluster, id)
  if (started === undefined || isGivenUp(started)) {
    throw problem('kubernetes-unavailable', 'The job was given up while it was being started; ask again', {
      job_uuid: id
    })
  }
  return started
}

/**
 * Whether whoever accepted the job took that back and answered so, because Kubernetes did not say that it has the Job.
 */
export function isGivenUp ({ stop }: JobRecord): boolean {
  return stop?.reason === 'KubernetesUnavailable'
}

/** The API server's opinion of everything that the job would be made of. Creates nothing. */
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
    // Both are owned by the Job, so they can only come after it; the pod waits for them.
    await Promise.all([
      created(core.createNamespacedConfigMap({ ...options, body: configMapObject(job, env) })),
      created(core.createNamespacedSecret({ ...options, body: secretObject(job, env, jobToken(tokenKey, id)) }))
    ])
    return job
  } catch (error) {
    // By now there is a Job, whatever is wrong with the rest.
    throw dryRun ? error : kubernetesUnavailable(error)
  }
}

/** What was created, or `undefined` when it was there already, which is as good. */
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
    throw kubernetesUnavailable(new Error(`the Job ${objectName(id)} exists, but not as a job of ours`))
  }
  return job
}

/** Ends a Job and everything it owns; the Job stays visible until its pods are gone. No Job is as good. */
export async function deleteJob ({ batch, namespace }: Cluster, id: string): Promise<'ending' | 'absent'> {
  const deleted = await orAbsent(
    batch.deleteNamespacedJob({ namespace, name: objectName(id), propagationPolicy: 'Foreground' })
  )
  return deleted === undefined ? 'absent' : 'ending'
}

/** The message of a `Status`, if it is one that came: the exception's own would repeat the whole answer. */
function statusMessage (error: unknown): string | undefined {
  const { body } = error as { body?: unknown }
  try {
    const status = (typeof body === 'string' ? JSON.parse(body) : body) as
      | { kind?: string, message?: string }
      | null
      | undefined
    return status?.kind === 'Status' ? status.message : undefined
  } catch {
    // A page of some proxy on the way.
    return undefined
  }
}
