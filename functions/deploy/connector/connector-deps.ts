import type { Connector, ConnectorPlace } from '../../../shared/connector/connectors.ts'
import type { EgressRules } from '../../../shared/egress/egress-rules.ts'
import type { Transfer } from '../../../shared/job/transfer.ts'
import type { Deps } from '../start/start-job.ts'

/** What it takes to make jobs for connectors. */
export interface ConnectorDeps extends Deps, ConnectorPlace {
  defaultTemplate: string
  /** Where a consumer may have his data pushed to. */
  egress: EgressRules
}

/** The connector of a transfer. Throws when the operator has taken it out of the table: it may come back. */
export function connectorOf ({ connectors }: ConnectorDeps, { connector: name }: Transfer): Connector {
  const connector = connectors().usable.get(name)
  if (connector === undefined) throw new Error(`the connector of the transfer is not in the table: ${name}`)
  return connector
}
