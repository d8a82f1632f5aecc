import type { Manifest } from '../manifests.ts'
import { broken, type Row, works } from '../row.ts'

interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
}

/** What the cluster has of it, as far as it matters here. */
export interface Live {
  metadata?: { generation?: number }
  status?: { observedGeneration?: number, conditions?: Condition[] }
}

/** Whether something of ours is there, and its own controller calls it ready. */
export function readyRow ({ apiVersion, kind, metadata: { name, namespace } }: Manifest, live: Live | undefined): Row {
  const isKnative = apiVersion.includes('knative.dev')
  const check = `${kind} ${name}`
  if (live === undefined) {
    return broken(
      check,
      'is not there',
      isKnative
        ? 'kubectl apply -k your overlay; before that Knative, if it is missing'
        : 'kubectl apply -k your overlay'
    )
  }
  const { observedGeneration: seen = 0, conditions = [] } = live.status ?? {}
  const mend = `kubectl describe ${
    resource(apiVersion, kind)
  } ${name} -n ${namespace}; kubectl apply -k your overlay puts back what it was`
  if (seen < (live.metadata?.generation ?? 0)) {
    return broken(
      check,
      'its controller has not looked at it since it was changed',
      'wait a moment; else see the controllers in knative-serving and knative-eventing'
    )
  }
  const ready = conditions.find(({ type }) => type === (isKnative ? 'Ready' : 'Available'))
  if (ready?.status === 'True') return works(check, 'ready')
  // Where the sum of all says nothing, one of the others may.
  const words = [ready, ...conditions.filter(({ status }) => status !== 'True')].find((condition) =>
    condition?.message ?? condition?.reason
  )
  return broken(
    check,
    `not ready: ${[words?.reason, words?.message].filter(Boolean).join(': ') || 'no reason given'}`,
    mend
  )
}

/** In full, because Knative and Kubernetes both have a Service. */
function resource (apiVersion: string, kind: string): string {
  const [group, version] = apiVersion.split('/')
  return version === undefined ? kind.toLowerCase() : `${kind.toLowerCase()}.${group}`
}
