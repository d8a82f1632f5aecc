import { createdAt } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { seal } from '../../../shared/job/seal.ts'
import type { Target } from '../../../shared/job/callbacks/target.ts'
import type { ResolvedRequest } from '../intake/resolve-request.ts'
import type { Deps } from './start-job.ts'

/** What the job's record keeps of its request, and the limit of the caller. */
export interface Origin {
  /** The owner of the new job. */
  owner?: string | undefined
  /** How many open jobs the owner may have, including this one. */
  mostOpen?: number | undefined
  /** The W3C trace context of the request. */
  traceparent?: string | undefined
}

/** The record of a job that is accepted now. */
export function newRecord (
  { tokenKey, hasSink }: Pick<Deps, 'tokenKey' | 'hasSink'>,
  id: string,
  { template, env: { plain, secret }, queue, targets = [] }: ResolvedRequest,
  { owner, mostOpen, idempotency, traceparent }: Origin & { idempotency: string | undefined }
): JobRecord {
  const at = createdAt(id)
  const told: Target[] = hasSink ? [...targets, { kind: 'sink' }] : targets
  return {
    job_uuid: id,
    revision: 1,
    state: 'accepted',
    template: template.name,
    ...(owner !== undefined && { owner }),
    ...(mostOpen !== undefined && { counted: true }),
    env: plain,
    ...(queue !== undefined && { queue }),
    ...(idempotency !== undefined && { idempotency }),
    ...(traceparent !== undefined && { traceparent }),
    ...(Object.keys(secret).length > 0 && { sealed_env: seal(tokenKey, id, secret) }),
    created_at: at.toISOString(),
    start_by: new Date(Date.now() + template.startDeadlineSeconds * 1000).toISOString(),
    retention_seconds: template.retentionSeconds,
    history: [{ state: 'accepted', at: at.toISOString() }],
    ...(told.length > 0 && { targets: told })
  }
}
