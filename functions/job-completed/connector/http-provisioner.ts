import { resultToken } from '../../../shared/access/result-token.ts'
import { connectorKey } from '../../../shared/connector/connector-secret.ts'
import { originsOf } from '../../../shared/connector/connectors.ts'
import { keyHeader } from '../../../shared/connector/management-api.ts'
import { percentEncode } from '../../../shared/http/percent-encode.ts'
import { transferEnded } from '../../../shared/job/transfers/transfer-ended.ts'
import type { Transfer } from '../../../shared/job/transfers/transfer.ts'
import { resultAddress } from '../../../shared/results/result-address.ts'
import type { CallbackKind } from '../callbacks/callback-kind.ts'
import { connectorOf } from './connector-of.ts'
import { connectorOutcome } from './connector-outcome.ts'
import { terminateTransfer } from './terminate-transfer.ts'

const NS = 'https://w3id.org/edc/v0.0.1/ns/'

/**
 * The webhook of EDC's HTTP provisioner, which is part of the Management API. It cannot report a failure, so a failure
 * terminates the transfer instead.
 */
export const httpProvisioner: CallbackKind<Extract<Transfer, { kind: 'http-provisioner' }>> = {
  request ({ record, callback: { call }, target: transfer, settings }) {
    if (call === 'terminate') return terminateTransfer(record, transfer, settings)
    const connector = connectorOf(settings, transfer)
    return {
      method: 'POST',
      url: `${transfer.callback_address}/${percentEncode(transfer.transfer)}/provision`,
      headers: {
        'content-type': 'application/json',
        ...keyHeader(connectorKey(settings.connectorSecrets, connector.name, 'management'))
      },
      body: JSON.stringify({
        edctype: 'dataspaceconnector:provisioner-callback-request',
        resourceDefinitionId: transfer.resource_definition,
        assetId: transfer.asset,
        resourceName: `result-${record.job_uuid}`,
        // Full IRIs: with plain names EDC answers 204 and then aborts the transfer.
        contentDataAddress: {
          properties: {
            [`${NS}type`]: 'HttpData',
            [`${NS}baseUrl`]: resultAddress(settings.publicUrl, record.job_uuid, transfer.result),
            [`${NS}authKey`]: 'Authorization',
            [`${NS}authCode`]: `Bearer ${resultToken(settings.resultTokenKey, record.job_uuid)}`
          }
        },
        // Required by EDC, but not used with HttpData.
        apiKeyJwt: 'unused',
        hasToken: false
      }),
      allowed: originsOf(connector)
    }
  },
  outcome: connectorOutcome,
  settled (record, { call, state, attempts }, status, now) {
    // With 409, the connector says that the transfer is past this state. It has ended; or an earlier attempt arrived,
    // although its answer was not seen, and started it.
    const isOver = state === 'delivered' && (call === 'terminate' || (status === 409 && attempts.length === 1))
    return isOver ? transferEnded(record, now) ?? record : record
  }
}
