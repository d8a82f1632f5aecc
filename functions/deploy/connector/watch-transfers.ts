import { managementApi, transferState } from '../../../shared/connector/management-api.ts'
import type { Transfer } from '../../../shared/job/transfer.ts'
import { inBatches } from '../../../shared/store/object-store.ts'
import { type ConnectorDeps } from './connector-deps.ts'
import { endTransfer } from './end-transfer.ts'

/** What one ping asks at most; which jobs these are is left to chance, so that none is always left out. */
export const ONE_PING = { transfers: 100, seconds: 10 }

/** EDC's names of what comes after the end of a transfer, or is on the way there. */
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
 * A transfer that somebody ends while its job runs tells nobody: the HTTP provisioner hears of it only if it asks. So
 * each ping asks the Management API of the connectors that have one in the table. A connector that does not answer is
 * not asked again by this ping.
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
