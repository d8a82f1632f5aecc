import { JOB_LABEL } from '../../shared/kubernetes/cluster.ts'
import type { Exchange } from './chaos-proxy.ts'

export interface MadeJobs {
  isObserved: (method: string, path: string) => boolean
  observe: (exchange: Exchange) => void
  /** How many Jobs Kubernetes has made for a job, at whatever time. */
  of: (id: string) => number
}

/** Counts the Jobs that Kubernetes has made, also those of which the answer was lost, and those that are deleted. */
export function madeJobs (): MadeJobs {
  const uids = new Map<string, Set<string>>()
  return {
    isObserved: (method, path) => method === 'POST' && /\/jobs(\?|$)/.test(path) && !path.includes('dryRun'),
    observe ({ status, body }) {
      if (status !== 201) return
      const { metadata } = JSON.parse(body.toString()) as {
        metadata: { uid: string, labels?: Record<string, string> }
      }
      const id = metadata.labels?.[JOB_LABEL] ?? ''
      uids.set(id, (uids.get(id) ?? new Set()).add(metadata.uid))
    },
    of: (id) => uids.get(id)?.size ?? 0
  }
}
