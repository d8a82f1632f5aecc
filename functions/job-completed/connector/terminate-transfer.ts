import { originsOf } from '../../../shared/connector/connectors.ts'
import { whyNoData } from '../../../shared/connector/data-flow.ts'
import { managementApi, terminateRequest } from '../../../shared/connector/management-api.ts'
import { failed } from '../../../shared/egress/failure.ts'
import type { OutgoingRequest } from '../../../shared/egress/exchange.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import type { Transfer } from '../../../shared/job/transfers/transfer.ts'
import type { CallbackSettings } from '../callbacks/callback-settings.ts'
import { connectorOf } from './connector-of.ts'

/** The request that terminates a transfer at the connector's Management API, with the reason why there is no data. */
export function terminateTransfer (record: JobRecord, transfer: Transfer, settings: CallbackSettings): OutgoingRequest {
  const connector = connectorOf(settings, transfer)
  if (connector.management_url === undefined) {
    throw failed(
      'NoManagementUrl',
      `the connector ${connector.name} has no management_url, which is needed to terminate a transfer`
    )
  }
  const { method, url, headers, body } = terminateRequest(
    managementApi(connector, settings.connectorSecrets),
    transfer.transfer,
    whyNoData(record, settings)
  )
  return { method, url, headers, body, allowed: originsOf(connector) }
}
