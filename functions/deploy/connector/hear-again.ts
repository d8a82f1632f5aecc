import type { Connector } from '../../../shared/connector/connectors.ts'
import { managementApi, transferState } from '../../../shared/connector/management-api.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { answeredAgain, callbackOf, owedCall } from '../../../shared/job/transfer-calls.ts'
import { transferOf } from '../../../shared/job/transfer-of.ts'
import { advanceOwing } from '../keep/advance-owing.ts'
import type { ConnectorDeps } from './connector-deps.ts'
import { endTransfer } from './end-transfer.ts'
import { startTransfer } from './start-transfer.ts'

/** The states in which a transfer waits to be called back. */
const WAITING = new Set(['PROVISIONING', 'PROVISIONING_REQUESTED'])

/**
 * What follows the answer to a provision request that came before. Up to EDC 0.10 a request to deprovision is the same,
 * byte for byte; it only comes after the callback, so before that it is a repeat: its answer must be read before the
 * connector is called back. After that the connector itself can say, where it has a Management API in the table: if the
 * transfer still waits, the callback came too early and was lost, and is owed again; else it is over.
 */
export async function hearAgain (
  deps: ConnectorDeps,
  connector: Connector,
  id: string,
  isProvision: boolean
): Promise<void> {
  const record = await advanceRecord(
    deps.store,
    id,
    (known) => callbackOf(known, 'provision')?.state === 'delivered' ? undefined : answeredAgain(known, new Date())
  )
  const transfer = record && transferOf(record)
  if (record === undefined || transfer === undefined || transfer.ended_at !== undefined) return
  if (callbackOf(record, 'provision')?.state !== 'delivered') {
    if (!isTerminal(record.state)) await startTransfer(deps, record)
    return
  }
  if (!isProvision && !await stillWaits(deps, connector, transfer.transfer)) return await endTransfer(deps, id)
  await advanceOwing(deps.store, id, (known) => {
    const answered = answeredAgain(known, new Date())
    return answered && { ...answered, callbacks: owedCall(answered, 'provision', new Date()) }
  })
}

async function stillWaits (deps: ConnectorDeps, connector: Connector, transfer: string): Promise<boolean> {
  if (connector.management_url === undefined) return false
  const state = await transferState(managementApi(connector, deps.connectorSecrets), transfer)
  return state !== undefined && WAITING.has(state)
}
