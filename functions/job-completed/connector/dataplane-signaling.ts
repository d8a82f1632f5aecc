import { connectorKey } from '../../../shared/connector/connector-secret.ts'
import { originsOf } from '../../../shared/connector/connectors.ts'
import { statusMessage } from '../../../shared/connector/data-flow.ts'
import { keyHeader } from '../../../shared/connector/management-api.ts'
import { percentEncode } from '../../../shared/http/percent-encode.ts'
import { owedCall } from '../../../shared/job/transfers/transfer-calls.ts'
import { transferEnded } from '../../../shared/job/transfers/transfer-ended.ts'
import type { Transfer } from '../../../shared/job/transfers/transfer.ts'
import type { CallbackKind } from '../callbacks/callback-kind.ts'
import { outcomeOf } from '../callbacks/outcome-of.ts'
import { connectorOf } from './connector-of.ts'
import { connectorOutcome } from './connector-outcome.ts'
import { PUSH_MS, pushResults } from './push-results.ts'
import { terminateTransfer } from './terminate-transfer.ts'

/**
 * For each call: the last path segment at the control plane's signaling API, and the state of the data flow that the
 * call reports.
 */
const words = {
  started: ['started', 'STARTED'],
  completed: ['completed', 'COMPLETED'],
  fail: ['errored', 'TERMINATED']
} as const

/** For a push: the call that follows a delivered call. A push that cannot be delivered is followed by `fail`. */
const following: Record<string, string | undefined> = { started: 'push', push: 'completed' }

/**
 * Calls to the control plane, as Data Plane Signaling defines them. `errored` does not end a transfer: the
 * specification leaves that to the control plane, and EDC only records it. So if the connector has a `management_url`
 * in the table, `fail` terminates the transfer at the Management API instead.
 */
export const dataplaneSignaling: CallbackKind<Extract<Transfer, { kind: 'dataplane-signaling' }>> = {
  request (told) {
    const { record, callback: { id, call }, target: transfer, settings } = told
    if (call === 'push') return pushResults(told)
    const connector = connectorOf(settings, transfer)
    if (call === 'fail' && connector.management_url !== undefined) return terminateTransfer(record, transfer, settings)
    const [word, state] = words[call as keyof typeof words]
    return {
      method: 'POST',
      url: `${transfer.callback_address}/transfers/${percentEncode(transfer.transfer)}/dataflow/${word}`,
      headers: {
        'content-type': 'application/json',
        ...keyHeader(connectorKey(settings.connectorSecrets, connector.name, 'control'))
      },
      body: JSON.stringify(statusMessage(record, transfer, `${record.job_uuid}-${id}`, settings, state)),
      allowed: originsOf(connector)
    }
  },
  outcome: (answer, { call }) => call === 'push' ? outcomeOf(answer) : connectorOutcome(answer),
  timeoutMs: ({ call }) => call === 'push' ? PUSH_MS : undefined,
  settled (record, { target, call, state }, _status, now) {
    const isPush = (record.targets?.[target] as Transfer | undefined)?.sealed_destination !== undefined
    if (state === 'dead') return call === 'push' ? { ...record, callbacks: owedCall(record, 'fail', now) } : record
    const next = isPush ? following[call] : undefined
    if (next !== undefined) return { ...record, callbacks: owedCall(record, next, now) }
    return call === 'started'
      ? record
      : transferEnded(record, now, call === 'completed' ? 'completed' : undefined) ?? record
  }
}
