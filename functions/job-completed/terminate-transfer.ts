import { originsOf } from '../../shared/connectors.ts'
import { whyNoData } from '../../shared/data-flow.ts'
import { failed } from '../../shared/failure.ts'
import type { OutgoingRequest } from '../../shared/guarded-request.ts'
import type { JobRecord } from '../../shared/job-record.ts'
import { managementApi, terminateRequest } from '../../shared/management-api.ts'
import type { Transfer } from '../../shared/transfer.ts'
import type { CallbackSettings } from './callback-settings.ts'
import { connectorOf } from './connector-of.ts'

/** The request that tells a connector at its Management API that there will be no data, and why. */
export function terminateTransfer (record: JobRecord, transfer: Transfer, settings: CallbackSettings): OutgoingRequest {
  const connector = connectorOf(settings, transfer)
  if (connector.management_url === undefined) throw failed('NoManagementUrl', `the connector ${connector.name} has no management_url`)
  const { method, url, headers, body } = terminateRequest(managementApi(connector, settings.connectorSecrets), transfer.transfer, whyNoData(record))
  return { method, url, headers, body, allowed: originsOf(connector) }
}
