import { problem } from '../../../shared/http/problem.ts'
import { advance } from '../../../shared/job/advance.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { advanceRecord, type FoundRecord } from '../../../shared/job/record-store.ts'
import { unseal } from '../../../shared/job/seal.ts'
import type { Cluster } from '../../../shared/kubernetes/cluster.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import type { Template, Templates } from '../templates/read-templates.ts'
import { createObjects } from './create-objects.ts'
import { deleteJob } from './delete-job.ts'
import type { JobSettings } from './uploader-container.ts'

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
 * derived from the id, so any process can repeat this at any time without duplicates. The record may still be on the
 * way to the store. A caller that has just read the template passes it on: to read the folder again takes as long as a
 * request. When another process gave the job up in the meantime, deletes the Job and throws `kubernetes-unavailable`.
 */
export async function startJob (
  deps: Deps,
  record: JobRecord,
  stored: FoundRecord | Promise<FoundRecord>,
  template = templateOfJob(deps, record)
): Promise<JobRecord> {
  const { store, tokenKey } = deps
  const id = record.job_uuid
  // The variable is from https://opentelemetry.io/docs/specs/otel/context/env-carriers/
  const trace = record.traceparent === undefined ? {} : { TRACEPARENT: record.traceparent }
  const env = {
    plain: { ...trace, ...record.env },
    secret: record.sealed_env === undefined ? {} : unseal(tokenKey, id, record.sealed_env)
  }

  const { job, warnings } = await createObjects(deps, template, id, env, record.queue, { stored })
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
    }, new Date()),
    await stored
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

function templateOfJob ({ templates }: Pick<Deps, 'templates'>, { template: name, job_uuid: id }: JobRecord): Template {
  const template = templates().usable.get(name)
  if (template !== undefined) return template
  throw problem(
    'unknown-template',
    `The template ${name} of this job is missing or cannot be used; put it back to start the job`,
    { job_uuid: id }
  )
}

/**
 * Whether the process that accepted the job gave it up and answered so, because Kubernetes did not confirm the Job.
 */
export function isGivenUp ({ stop }: JobRecord): boolean {
  return stop?.reason === 'KubernetesUnavailable'
}
