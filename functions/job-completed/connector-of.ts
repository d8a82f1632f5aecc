import type { Connector } from '../../shared/connectors.ts'
import { failed } from '../../shared/failure.ts'
import type { Transfer } from '../../shared/transfer.ts'
import type { CallbackSettings } from './callback-settings.ts'

/** The connector of a transfer, as the operator's table has it just now. */
export function connectorOf ({ connectors }: CallbackSettings, { connector: name }: Transfer): Connector {
  const connector = connectors().usable.get(name)
  // It may come back.
  if (connector === undefined) throw failed('UnknownConnector', `the connector is not in the table: ${name}`)
  return connector
}
