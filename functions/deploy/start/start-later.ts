import { isProblem } from '../../../shared/http/problem.ts'
import { advance } from '../../../shared/job/advance.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { sentence } from '../../../shared/job/reasons/sentence.ts'
import { type Why, why } from '../../../shared/job/reasons/why.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import type { Deps } from './start-job.ts'

/** What a refusal of a start means for the job. */
export interface Refusal extends Why {
  /** Whether the same request will always be refused: then the job ends. Otherwise the next ping tries again. */
  isFinal: boolean
}

/**
 * Starts a job of which the caller has its answer already. A final refusal ends the job, because its caller waits for
 * nothing else. Another refusal is noted as what the job waits for, and thrown: the next ping tries again.
 */
export async function startLater (
  deps: Pick<Deps, 'store' | 'remind'>,
  record: JobRecord,
  start: () => Promise<JobRecord>,
  refusalOf = refusalOfStart
): Promise<JobRecord> {
  try {
    return await start()
  } catch (error) {
    const refusal = refusalOf(error as Error)
    if (refusal === undefined) throw error
    const noted = await noteRefusal(deps, record, refusal)
    if (!refusal.isFinal) throw error
    return noted
  }
}

/** Notes why a job does not start. A final refusal ends it. Returns the current record. */
export async function noteRefusal (
  { store, remind }: Pick<Deps, 'store' | 'remind'>,
  record: JobRecord,
  { isFinal, ...told }: Refusal
): Promise<JobRecord> {
  const now = new Date()
  const noted = await advanceRecord(store, record.job_uuid, (current) =>
    current.job_uid !== undefined || current.stop !== undefined
      ? undefined
      : advance(current, { ...told, ...(isFinal && { state: 'failed', finished_at: now.toISOString() }) }, now))
  // No Job was made, so no event tells of this end.
  if (isFinal && noted !== undefined) remind(record.job_uuid)
  return noted ?? record
}

/** `undefined` for what is no answer about the job, for example when Kubernetes cannot be reached. */
export function refusalOfStart (error: Error): Refusal | undefined {
  const words = sentence(error.message)
  if (isProblem(error, 'rejected-by-kubernetes')) return { isFinal: true, ...why('RejectedByKubernetes', words) }
  if (isProblem(error, 'quota-exceeded')) return { isFinal: false, ...why('QuotaExceeded', words) }
  // Its message says what to do.
  if (isProblem(error, 'unknown-template')) return { isFinal: false, ...why('TemplateUnusable', words, '') }
  return undefined
}
