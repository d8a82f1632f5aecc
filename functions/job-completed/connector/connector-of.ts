import type { Connector } from '../../../shared/connector/connectors.ts'
import { failed } from '../../../shared/egress/failure.ts'
import type { Transfer } from '../../../shared/job/transfer.ts'
import type { CallbackSettings } from '../callbacks/callback-settings.ts'

/** The connector of a transfer, as the operator's table has it just now. */
export function connectorOf ({ connectors }: CallbackSettings, { connector: name }: Transfer): Connector {
  const connector = connectors().usable.get(name)
  // It may come back.
  if (connector === undefined) throw failed('UnknownConnector', `the connector is not in the table: ${name}`)
  return connector
}
