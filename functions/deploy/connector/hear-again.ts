import type { Connector } from '../../../shared/connector/connectors.ts'
import { managementApi, transferState } from '../../../shared/connector/management-api.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { advanceFound } from '../../../shared/job/record-store.ts'
import { answeredAgain, callbackOf, owedCall } from '../../../shared/job/transfers/transfer-calls.ts'
import { transferOf } from '../../../shared/job/transfers/transfer-of.ts'
import { advanceOwing } from '../keep/advance-owing.ts'
import type { ConnectorDeps } from './connector-deps.ts'
import { endTransfer } from './end-transfer.ts'
import { startTransfer } from './start-transfer.ts'

/** The states in which a transfer waits for the callback. */
const WAITING = new Set(['PROVISIONING', 'PROVISIONING_REQUESTED'])

/**
 * The work after the answer to a repeated provision request. Up to EDC 0.10 a deprovision request has the same bytes as
 * a provision request, but EDC sends it only after the callback. So before the callback is delivered, the request is a
 * repeat, and the callback must wait until EDC has read this answer. After the callback is delivered, the Management
 * API is asked, if the connector has one in the table. If the transfer still waits, EDC lost the callback because it
 * came too early, and the callback is owed again. Otherwise the transfer has ended.
 */
export async function hearAgain (
  deps: ConnectorDeps,
  connector: Connector,
  id: string,
  isProvision: boolean
): Promise<void> {
  const found = await advanceFound(
    deps.store,
    id,
    (known) => callbackOf(known, 'provision')?.state === 'delivered' ? undefined : answeredAgain(known, new Date())
  )
  const transfer = found && transferOf(found.record)
  if (found === undefined || transfer === undefined || transfer.ended_at !== undefined) return
  const { record } = found
  if (callbackOf(record, 'provision')?.state !== 'delivered') {
    if (!isTerminal(record.state)) await startTransfer(deps, found)
    return
  }
  if (!isProvision && !await stillWaits(deps, connector, transfer.transfer)) return await endTransfer(deps, id)
  await advanceOwing(deps, id, (known) => {
    const answered = answeredAgain(known, new Date())
    return answered && { ...answered, callbacks: owedCall(answered, 'provision', new Date()) }
  })
}

async function stillWaits (deps: ConnectorDeps, connector: Connector, transfer: string): Promise<boolean> {
  if (connector.management_url === undefined) return false
  const state = await transferState(managementApi(connector, deps.connectorSecrets), transfer)
  return state !== undefined && WAITING.has(state)
}
