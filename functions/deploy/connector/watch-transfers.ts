import { managementApi, transferState } from '../../../shared/connector/management-api.ts'
import { hastened } from '../../../shared/job/callbacks/hastened.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import { transferOf } from '../../../shared/job/transfers/transfer-of.ts'
import { inBatches } from '../../../shared/store/object-store.ts'
import { advanceOwing } from '../keep/advance-owing.ts'
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

/** The job of a transfer that has not ended, as far as the ping knows. */
export interface Watched {
  id: string
  connector: string
}

/**
 * Ends the transfers that have ended at the connector. The connector does not notify us when a transfer ends while its
 * job runs. So each ping asks the Management API of the connectors that have one in the table. A connector that answers
 * gets the calls that wait for it. One that does not answer is not asked again by the same ping; an error that concerns
 * only one transfer does not affect the others.
 */
export async function watchTransfers (
  deps: ConnectorDeps,
  open: Watched[],
  report: (id: string, outcome: 'transfer ended' | 'callback hastened' | Error) => void,
  bounds = ONE_PING
): Promise<void> {
  const until = Date.now() + bounds.seconds * 1000
  const { usable } = deps.connectors()
  const silent = new Set<string>()
  const some = open.filter(({ connector }) => usable.get(connector)?.management_url !== undefined)
    .map((watched) => ({ watched, chance: Math.random() }))
    .sort((a, b) => a.chance - b.chance)
    .slice(0, bounds.transfers)
  await inBatches(some, async ({ watched: { id, connector } }) => {
    if (silent.has(connector) || Date.now() > until) return
    try {
      const { record } = await readRecord(deps.store, id) ?? {}
      const transfer = record && transferOf(record)
      if (transfer === undefined || transfer.ended_at !== undefined) return
      const state = await transferState(
        managementApi(usable.get(connector)!, deps.connectorSecrets),
        transfer.transfer
      )
      if (state === undefined || ENDED.has(state)) {
        await endTransfer(deps, id)
        report(id, 'transfer ended')
      } else if (hastened(record!, new Date()) !== undefined) {
        // A call to the connector has failed and waits for its next try.
        await advanceOwing(deps, id, (record) => hastened(record, new Date()))
        report(id, 'callback hastened')
      }
    } catch (error) {
      if (concernsAll(error)) silent.add(connector)
      report(id, error as Error)
    }
  })
}

/** Whether the next request to the same connector will fail too: no answer, an error of its own, or a wrong key. */
function concernsAll (error: unknown): boolean {
  const { status } = ((error as Error).cause ?? {}) as { status?: number }
  return status === undefined || status >= 500 || [401, 403, 429].includes(status)
}
