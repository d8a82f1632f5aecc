export interface Condition {
  reason?: string
  message?: string
  lastTransitionTime?: Date
}

interface Conditioned {
  status?: { conditions?: (Condition & { type: string, status: string })[] }
}

/** A condition of a Job or a pod, if it is true. */
export function condition ({ status }: Conditioned, type: string): Condition | undefined {
  return status?.conditions?.find((one) => one.type === type && one.status === 'True')
}
