import type { Answer } from '../../../shared/egress/exchange.ts'
import type { Outcome } from './callback-kind.ts'

/**
 * Interprets statuses as Standard Webhooks 1.0 does: 410 means that the receiver wants no more calls. A redirect is a
 * failure.
 */
export function outcomeOf ({ status }: Answer): Outcome {
  if (status >= 200 && status < 300) return 'delivered'
  return status === 410 ? 'never' : 'later'
}
