import type { Connector, Connectors } from '../../../shared/connectors.ts'
import type { Transfer } from '../../../shared/transfer.ts'
import type { Deps } from '../start-job.ts'

/** What it takes to deal with connectors. */
export interface ConnectorDeps extends Deps {
  /** As they are just now. */
  connectors: () => Connectors
  /** The folder of their keys. */
  connectorSecrets: string
  defaultTemplate: string
  resultTokenKey: string
  /** The entry point as callers reach it. */
  publicUrl: string
}

/** The connector of a transfer. Throws when the operator has taken it out of the table: it may come back. */
export function connectorOf ({ connectors }: ConnectorDeps, { connector: name }: Transfer): Connector {
  const connector = connectors().usable.get(name)
  if (connector === undefined) throw new Error(`the connector of the transfer is not in the table: ${name}`)
  return connector
}
