import type { Answer } from '../../../shared/egress/guarded-request.ts'
import type { Outcome } from './callback-kind.ts'

/** As Standard Webhooks 1.0 reads statuses: 410 wants no more of this, and a redirect is a failure. */
export function outcomeOf ({ status }: Answer): Outcome {
  if (status >= 200 && status < 300) return 'delivered'
  return status === 410 ? 'never' : 'later'
}
