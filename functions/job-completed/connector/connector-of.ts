import type { Connector } from '../../../shared/connector/connectors.ts'
import { failed } from '../../../shared/egress/failure.ts'
import type { Transfer } from '../../../shared/job/transfers/transfer.ts'
import type { CallbackSettings } from '../callbacks/callback-settings.ts'

/** The connector of a transfer, from the operator's current table. Throws `UnknownConnector` when it is not there. */
export function connectorOf ({ connectors }: CallbackSettings, { connector: name }: Transfer): Connector {
  const connector = connectors().usable.get(name)
  // The callback is tried again later, because the operator may add the connector again.
  if (connector === undefined) {
    throw failed('UnknownConnector', `the connector ${name} is not in CONNECTORS_DIR; add its file again`)
  }
  return connector
}
