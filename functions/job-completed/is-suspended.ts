import type { V1Job } from '@kubernetes/client-node'
import { condition } from '../../shared/kubernetes/condition.ts'

export function isSuspended (job: V1Job): boolean {
  // The spec comes first: the Job controller updates the condition a moment later.
  return job.spec?.suspend ?? condition(job, 'Suspended') !== undefined
}
