import { type Connector, originsOf } from '../../../shared/connector/connectors.ts'
import { invalidField, problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { createRecord, readRecord } from '../../../shared/job/record-store.ts'
import type { Transfer } from '../../../shared/job/transfer.ts'
import { newRecord, templateOf } from '../start/accept-job.ts'
import { claimJob, claimObject, readClaim } from '../start/job-claim.ts'
import { putMarker } from '../start/open-jobs.ts'
import { resolveEnv } from '../intake/resolve-env.ts'
import type { Deps } from '../start/start-job.ts'
import type { Order } from './order-of.ts'

/** The ids by which a protocol knows a transfer again; of one connector, for each numbers its own. */
export type TransferIds = [transfer: string, ...more: string[]]

/** A transfer that asks for its data. */
export interface Asking {
  ids: TransferIds
  callbackAddress: string
  /** The W3C trace context that it came in. */
  traceparent: string | undefined
  /** What is to run. Asked only where there is no job yet: what was accepted stays, whatever the table says by now. */
  order: () => Order
  /** What the protocol needs to go on with, of the job with this id. */
  target: (id: string) => Pick<Transfer, 'kind' | 'asset' | 'resource_definition' | 'sealed_destination' | 'message'>
}

/**
 * Accepts the transfer's job as far as a connector can wait for it: marker and record, no Kubernetes. Whoever answers
 * starts it after the answer, and the ping starts what was cut off. The same ids give the same job, however often they
 * come and how many at once; `isNew` is true for one of them.
 */
export async function acceptTransfer (
  deps: Deps,
  connector: Connector,
  { ids, callbackAddress, traceparent, order, target }: Asking
): Promise<{ record: JobRecord, isNew: boolean }> {
  const { store } = deps
  const claim = claimOf(deps, connector, ids)
  const found = await claimedRecord(deps, claim)
  if (found !== undefined) return { record: found, isNew: false }

  const asked = order()
  const template = templateOf(deps, asked)
  const env = resolveEnv(template, asked.env)
  checkOrigin(connector, callbackAddress)
  const { job_uuid: id } = await claimJob(store, claim)
  const transfer: Transfer = {
    ...target(id),
    connector: connector.name,
    transfer: ids[0],
    callback_address: callbackAddress.replace(/\/$/, ''),
    result: asked.result,
    answered_at: new Date().toISOString(),
    ...(asked.lookUp && { look_up: true })
  }
  const record = newRecord(deps, template, id, env, {
    owner: `connector:${connector.name}`,
    queue: undefined,
    idempotency: claim,
    traceparent,
    targets: [transfer]
  })
  await putMarker(store, record)
  if (await createRecord(store, record)) return { record, isNew: true }
  const theirs = await readRecord(store, id)
  if (theirs === undefined) {
    throw problem('store-unavailable', 'The job of this transfer has expired and is just being removed; ask again')
  }
  return { record: theirs.record, isNew: false }
}

/** The record of the job that was made for a transfer, if there is one. */
export async function findTransfer (
  deps: Deps,
  connector: Connector,
  ids: TransferIds
): Promise<JobRecord | undefined> {
  return await claimedRecord(deps, claimOf(deps, connector, ids))
}

/** Beside those of callers' own keys, and never one of them. */
function claimOf ({ tokenKey }: Deps, { name }: Connector, ids: TransferIds): string {
  return claimObject(tokenKey, `transfer ${JSON.stringify([name, ...ids])}`)
}

async function claimedRecord ({ store }: Deps, object: string): Promise<JobRecord | undefined> {
  const claim = await readClaim(store, object)
  return claim && (await readRecord(store, claim.job_uuid))?.record
}

/** Now, while somebody looks, rather than when the job has run for an hour. */
function checkOrigin (connector: Connector, address: string): void {
  const origins = originsOf(connector)
  if (!origins.includes(new URL(address).origin)) {
    throw invalidField(
      'callbackAddress',
      `is not at one of the connector's origins: ${origins.join(', ') || 'none is in its table'}`
    )
  }
}
