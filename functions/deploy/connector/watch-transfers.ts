import { managementApi, transferState } from '../../../shared/connector/management-api.ts'
import type { Transfer } from '../../../shared/job/transfer.ts'
import { inBatches } from '../../../shared/store/object-store.ts'
import { type ConnectorDeps } from './connector-deps.ts'
import { endTransfer } from './end-transfer.ts'

/** The limits of one ping. The transfers are chosen at random, so that each one is checked at some time. */
export const ONE_PING = { transfers: 100, seconds: 10 }

/** EDC's names of the states in which a transfer has ended or is ending. */
const ENDED = new Set([
  'TERMINATING',
  'TERMINATED',
  'COMPLETING',
  'COMPLETED',
  'DEPROVISIONING',
  'DEPROVISIONING_REQUESTED',
  'DEPROVISIONED'
])

export interface Watched {
  id: string
  transfer: Transfer
}

/**
 * Ends the transfers that have ended at the connector. The connector does not notify us when a transfer ends while its
 * job runs. So each ping asks the Management API of the connectors that have one in the table. After an error, the same
 * ping does not ask that connector again.
 */
export async function watchTransfers (
  deps: ConnectorDeps,
  open: Watched[],
  report: (id: string, outcome: 'transfer ended' | Error) => void,
  bounds = ONE_PING
): Promise<void> {
  const until = Date.now() + bounds.seconds * 1000
  const { usable } = deps.connectors()
  const silent = new Set<string>()
  const some = open.filter(({ transfer }) =>
    transfer.ended_at === undefined && usable.get(transfer.connector)?.management_url !== undefined
  )
    .map((watched) => ({ watched, chance: Math.random() }))
    .sort((a, b) => a.chance - b.chance)
    .slice(0, bounds.transfers)
  await inBatches(some, async ({ watched: { id, transfer } }) => {
    if (silent.has(transfer.connector) || Date.now() > until) return
    try {
      const state = await transferState(
        managementApi(usable.get(transfer.connector)!, deps.connectorSecrets),
        transfer.transfer
      )
      if (state !== undefined && !ENDED.has(state)) return
      await endTransfer(deps, id)
      report(id, 'transfer ended')
    } catch (error) {
      silent.add(transfer.connector)
      report(id, error as Error)
    }
  })
}
