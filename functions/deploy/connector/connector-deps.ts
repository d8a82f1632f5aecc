import type { Connector, ConnectorPlace } from '../../../shared/connector/connectors.ts'
import type { EgressRules } from '../../../shared/egress/egress-rules.ts'
import type { Transfer } from '../../../shared/job/transfers/transfer.ts'
import type { Deps } from '../start/start-job.ts'

/** The dependencies of the code that makes jobs for connectors. */
export interface ConnectorDeps extends Deps, ConnectorPlace {
  defaultTemplate: string
  /** The addresses that a push to a consumer may go to. */
  egress: EgressRules
}

/**
 * The connector of a transfer. Throws when the operator has removed it from the table. The ping tries again, because
 * the operator may add it again.
 */
export function connectorOf ({ connectors }: ConnectorDeps, { connector: name }: Transfer): Connector {
  const connector = connectors().usable.get(name)
  if (connector === undefined) {
    throw new Error(`the connector ${name} of this transfer is not in CONNECTORS_DIR; add its file there again`)
  }
  return connector
}
