import type { Answer } from '../../../shared/egress/guarded-request.ts'
import type { Outcome } from '../callbacks/callback-kind.ts'

/**
 * What a connector's answer means. 409: it is past that already, so there is nothing more to tell. 400 and 415: it will
 * never take what we send. Anything else may change: a key that is wrong just now, a connector that does not know the
 * transfer yet or does not know it any more.
 */
export function connectorOutcome ({ status }: Answer): Outcome {
  if ((status >= 200 && status < 300) || status === 409) return 'delivered'
  return status === 400 || status === 415 ? 'never' : 'later'
}
