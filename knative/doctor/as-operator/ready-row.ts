import type { Manifest } from '../manifests.ts'
import { broken, type Row, works } from '../row.ts'

/** One of the conditions that a controller reports of an object. */
export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
}

/** The fields of the object in the cluster that this check reads. */
export interface Live {
  metadata?: { generation?: number }
  status?: { observedGeneration?: number, conditions?: Condition[] }
}

/** Whether an installed object exists and its controller reports it as ready. */
export function readyRow ({ apiVersion, kind, metadata: { name, namespace } }: Manifest, live: Live | undefined): Row {
  const isKnative = apiVersion.includes('knative.dev')
  const check = `${kind} ${name}`
  if (live === undefined) {
    return broken(
      check,
      'does not exist',
      isKnative
        ? 'kubectl apply -k your overlay; install Knative first if it is missing'
        : 'kubectl apply -k your overlay'
    )
  }
  const { observedGeneration: seen = 0, conditions = [] } = live.status ?? {}
  const mend = `kubectl describe ${
    resource(apiVersion, kind)
  } ${name} -n ${namespace}; kubectl apply -k your overlay restores it`
  if (seen < (live.metadata?.generation ?? 0)) {
    return broken(
      check,
      'its controller has not processed the last change',
      'wait a moment; if it stays so, check the controllers in knative-serving and knative-eventing'
    )
  }
  const ready = conditions.find(({ type }) => type === (isKnative ? 'Ready' : 'Available'))
  if (ready?.status === 'True') return works(check, 'ready')
  // If the summary condition gives no reason, another condition may.
  const words = [ready, ...conditions.filter(({ status }) => status !== 'True')].find((condition) =>
    condition?.message ?? condition?.reason
  )
  return broken(
    check,
    `not ready: ${[words?.reason, words?.message].filter(Boolean).join(': ') || 'no reason given'}`,
    mend
  )
}

/** The resource with its group, because Knative and Kubernetes both have a Service. */
function resource (apiVersion: string, kind: string): string {
  const [group, version] = apiVersion.split('/')
  return version === undefined ? kind.toLowerCase() : `${kind.toLowerCase()}.${group}`
}
