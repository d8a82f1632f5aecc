import { type Connector, originsOf } from '../../../shared/connector/connectors.ts'
import { invalidField, problem } from '../../../shared/http/problem.ts'
import { putIntoLists } from '../../../shared/job/lists/job-lists.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { sealDestination } from '../../../shared/job/transfers/push-destination.ts'
import { createRecord, type FoundRecord, readRecord } from '../../../shared/job/record-store.ts'
import type { Transfer } from '../../../shared/job/transfers/transfer.ts'
import { claimJob, claimObject, readClaim } from '../start/job-claim.ts'
import { newRecord } from '../start/new-record.ts'
import { markOpen } from '../start/open-jobs.ts'
import type { Deps } from '../start/start-job.ts'
import type { ConnectorDeps } from './connector-deps.ts'
import type { Plan } from './plan-transfer.ts'

/** The ids that identify a transfer in a protocol. They are unique for one connector only. */
export type TransferIds = [transfer: string, ...more: string[]]

/** The request of a transfer for its data. */
export interface Asking {
  ids: TransferIds
  callbackAddress: string
  /** The W3C trace context of the request. */
  traceparent: string | undefined
  /** Called only for a new job: a later change of the table has no effect. */
  plan: () => Plan
  /** The protocol's part of the transfer. */
  target: Pick<Transfer, 'kind' | 'asset' | 'resource_definition' | 'message'>
}

/**
 * Accepts the job of a transfer: writes the marker and the record, without a call to Kubernetes, because the connector
 * cannot wait for that. The caller of this function starts the job after the answer. If that fails, the ping starts it.
 * Requests with the same ids get the same job, also when they are concurrent. `isNew` is true for exactly one of them.
 */
export async function acceptTransfer (
  deps: ConnectorDeps,
  connector: Connector,
  { ids, callbackAddress, traceparent, plan, target }: Asking
): Promise<FoundRecord & { isNew: boolean }> {
  const { store } = deps
  const claim = claimOf(deps, connector, ids)
  const found = await claimedRecord(deps, claim)
  if (found !== undefined) return { ...found, isNew: false }

  checkOrigin(connector, callbackAddress)
  const { template, env, result, destination, lookUp, refused } = plan()
  const { job_uuid: id } = await claimJob(store, claim)
  const transfer: Transfer = {
    ...target,
    connector: connector.name,
    transfer: ids[0],
    callback_address: callbackAddress.replace(/\/$/, ''),
    result,
    answered_at: new Date().toISOString(),
    ...(destination !== undefined && { sealed_destination: sealDestination(deps.resultTokenKey, id, destination) }),
    ...(lookUp && { look_up: true }),
    ...(refused !== undefined && { refused })
  }
  const record = newRecord(deps, id, { template, env, targets: [transfer] }, {
    owner: `connector:${connector.name}`,
    idempotency: claim,
    traceparent
  })
  await Promise.all([markOpen(store, record), putIntoLists(store, record)])
  const etag = await createRecord(store, record)
  if (etag !== undefined) return { record, etag, isNew: true }
  const theirs = await readRecord(store, id)
  if (theirs === undefined) {
    throw problem(
      'store-unavailable',
      'The job of this transfer has expired and is being removed; send the request again'
    )
  }
  return { ...theirs, isNew: false }
}

/** The record of a transfer's job, or `undefined` when there is none. */
export async function findTransfer (
  deps: Deps,
  connector: Connector,
  ids: TransferIds
): Promise<JobRecord | undefined> {
  return (await claimedRecord(deps, claimOf(deps, connector, ids)))?.record
}

/** The key of the claim object. It never equals the claim of a caller's idempotency key. */
function claimOf ({ tokenKey }: Deps, { name }: Connector, ids: TransferIds): string {
  return claimObject(tokenKey, `transfer ${JSON.stringify([name, ...ids])}`)
}

async function claimedRecord ({ store }: Deps, object: string): Promise<FoundRecord | undefined> {
  const claim = await readClaim(store, object)
  return claim && await readRecord(store, claim.job_uuid)
}

/** Checks the address before the job runs, not after it has run for an hour. */
function checkOrigin (connector: Connector, address: string): void {
  const origins = originsOf(connector)
  if (!origins.includes(new URL(address).origin)) {
    throw invalidField(
      'callbackAddress',
      `must have one of the connector's origins: ${origins.join(', ') || 'its file in the connector table has none'}`
    )
  }
}
