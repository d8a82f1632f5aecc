import type { V1Job } from '@kubernetes/client-node'

export interface JobCondition {
  reason?: string
  message?: string
  lastTransitionTime?: Date
}

/** A condition of a Job, if it is true. */
export function condition (job: V1Job, type: string): JobCondition | undefined {
  return job.status?.conditions?.find((one) => one.type === type && one.status === 'True')
}

export function isSuspended (job: V1Job): boolean {
  // The spec comes first: the Job controller updates the condition a moment later.
  return job.spec?.suspend ?? condition(job, 'Suspended') !== undefined
}
