import type { Answer } from '../../../shared/egress/exchange.ts'
import type { Outcome } from '../callbacks/callback-kind.ts'

/**
 * The outcome of a connector's answer. 409: the transfer is already past this state, so there is nothing left to
 * report. 400 and 415: the connector will never accept this request. Any other status may change later: the key is
 * wrong at the moment, or the connector does not know the transfer yet or any more.
 */
export function connectorOutcome ({ status }: Answer): Outcome {
  if ((status >= 200 && status < 300) || status === 409) return 'delivered'
  return status === 400 || status === 415 ? 'never' : 'later'
}
