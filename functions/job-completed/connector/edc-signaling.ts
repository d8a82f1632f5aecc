import { connectorKey } from '../../../shared/connector/connector-secret.ts'
import { originsOf } from '../../../shared/connector/connectors.ts'
import { whyNoData } from '../../../shared/connector/data-flow.ts'
import { keyHeader } from '../../../shared/connector/management-api.ts'
import { percentEncode } from '../../../shared/http/percent-encode.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { owedCall } from '../../../shared/job/transfers/transfer-calls.ts'
import { transferEnded } from '../../../shared/job/transfers/transfer-ended.ts'
import type { Transfer } from '../../../shared/job/transfers/transfer.ts'
import type { CallbackKind } from '../callbacks/callback-kind.ts'
import { outcomeOf } from '../callbacks/outcome-of.ts'
import { connectorOf } from './connector-of.ts'
import { connectorOutcome } from './connector-outcome.ts'
import { PUSH_MS, pushResults } from './push-results.ts'

/**
 * Calls to the control API of EDC up to 0.15: `provisioned`, `complete` and `fail`. The connector's request to start a
 * push goes to deploy.
 */
export const edcSignaling: CallbackKind<Extract<Transfer, { kind: 'edc-signaling' }>> = {
  request (told) {
    const { record, callback: { call }, target: transfer, settings } = told
    if (call === 'push') return pushResults(told)
    const connector = connectorOf(settings, transfer)
    return {
      method: 'POST',
      url: `${transfer.callback_address}/transferprocess/${percentEncode(transfer.transfer)}/${call}`,
      headers: {
        'content-type': 'application/json',
        ...keyHeader(connectorKey(settings.connectorSecrets, connector.name, 'control'))
      },
      ...(call === 'fail' && { body: JSON.stringify({ errorMessage: whyNoData(record, settings) }) }),
      allowed: originsOf(connector)
    }
  },
  outcome: (answer, { call }) => call === 'push' ? outcomeOf(answer) : connectorOutcome(answer),
  timeoutMs: ({ call }) => call === 'push' ? PUSH_MS : undefined,
  settled (record, { call, state }, _status, now) {
    if (call === 'push') return owing(record, state === 'delivered' ? 'complete' : 'fail', now)
    if (state === 'dead' || call === 'provisioned') return record
    return transferEnded(record, now, call === 'complete' ? 'completed' : undefined) ?? record
  }
}

function owing (record: JobRecord, call: string, now: Date): JobRecord {
  return { ...record, callbacks: owedCall(record, call, now) }
}
