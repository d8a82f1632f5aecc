import { assetProperties, managementApi } from '../../../shared/connector/management-api.ts'
import { problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { advanceFound, type FoundRecord } from '../../../shared/job/record-store.ts'
import { seal } from '../../../shared/job/seal.ts'
import { transferOf, withTransfer } from '../../../shared/job/transfers/transfer-of.ts'
import { templateOf } from '../intake/resolve-request.ts'
import { resolveEnv } from '../intake/resolve-env.ts'
import { startJob } from '../start/start-job.ts'
import { noteRefusal, type Refusal, refusalOfStart, startLater } from '../start/start-later.ts'
import { type ConnectorDeps, connectorOf } from './connector-deps.ts'
import { orderOf } from './order-of.ts'
import { invalidAsset } from './refused-for-good.ts'

/**
 * Starts the job of an accepted transfer. If the asset's own properties decide, it looks them up first. The connector
 * already has its answer and waits for the callback without limit. So a permanent error makes the job fail, and the
 * connector gets the callback. A temporary error is thrown, and the ping tries again.
 */
export async function startTransfer (deps: ConnectorDeps, found: FoundRecord): Promise<JobRecord> {
  const { refused } = transferOf(found.record) ?? {}
  if (refused !== undefined) return await noteRefusal(deps, found.record, { isFinal: true, ...refused })
  return await startLater(deps, found.record, async () => {
    const settled = await lookUp(deps, found)
    const { record } = settled
    return record.job_uid !== undefined || record.stop !== undefined || isTerminal(record.state)
      ? record
      : await startJob(deps, record, settled)
  }, refusalOfTransfer)
}

function refusalOfTransfer (error: Error): Refusal | undefined {
  const refused = invalidAsset(error)
  return refused === undefined ? refusalOfStart(error) : { isFinal: true, ...refused }
}

/**
 * Looks up the asset's own properties, if the record still needs them (`look_up`), and writes their template and
 * environment into the record. Returns the current record.
 */
async function lookUp (deps: ConnectorDeps, found: FoundRecord): Promise<FoundRecord> {
  const transfer = transferOf(found.record)
  if (transfer?.look_up === undefined) return found
  const connector = connectorOf(deps, transfer)
  const properties = await assetProperties(managementApi(connector, deps.connectorSecrets), transfer.asset)
  if (properties === undefined) {
    throw problem(
      'unknown-asset',
      `The Management API of the connector ${connector.name} does not know the asset ${transfer.asset}`
    )
  }
  const order = orderOf(connector, transfer.asset, { properties }, deps)
  const template = templateOf(deps, order)
  const { plain, secret } = resolveEnv(template, order.env)
  const settled = await advanceFound(deps.store, found.record.job_uuid, (current) => {
    if (transferOf(current)?.look_up === undefined || isTerminal(current.state)) return undefined
    return {
      ...withTransfer(current, { look_up: undefined, result: order.result }),
      revision: current.revision + 1,
      template: template.name,
      env: plain,
      ...(Object.keys(secret).length > 0 && { sealed_env: seal(deps.tokenKey, current.job_uuid, secret) }),
      retention_seconds: template.retentionSeconds
    }
  }, found)
  return settled ?? found
}
