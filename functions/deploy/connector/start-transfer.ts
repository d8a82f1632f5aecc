import { assetProperties, managementApi } from '../../../shared/connector/management-api.ts'
import { isProblem, problem } from '../../../shared/http/problem.ts'
import { advance } from '../../../shared/job/advance.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { seal } from '../../../shared/job/seal.ts'
import { transferOf, withTransfer } from '../../../shared/job/transfer-of.ts'
import { templateOf } from '../start/accept-job.ts'
import { resolveEnv } from '../intake/resolve-env.ts'
import { startJob } from '../start/start-job.ts'
import { type ConnectorDeps, connectorOf } from './connector-deps.ts'
import { orderOf } from './order-of.ts'

/**
 * Starts the job of an accepted transfer. If the asset's own properties decide, it looks them up first. The connector
 * already has its answer and waits for the callback without limit. So a permanent error makes the job fail, and the
 * connector gets the callback. A temporary error is thrown, and the ping tries again.
 */
export async function startTransfer (deps: ConnectorDeps, record: JobRecord): Promise<JobRecord> {
  try {
    const settled = await lookUp(deps, record)
    return settled.job_uid !== undefined || settled.stop !== undefined || isTerminal(settled.state)
      ? settled
      : await startJob(deps, settled)
  } catch (error) {
    const why = neverRuns(error)
    if (why === undefined) throw error
    const now = new Date()
    const failed = await advanceRecord(deps.store, record.job_uuid, (current) =>
      current.job_uid !== undefined
        ? undefined
        : advance(current, { state: 'failed', ...why, finished_at: now.toISOString() }, now))
    // No Job was made, so no event tells of this end.
    if (failed !== undefined) deps.remind(record.job_uuid)
    return failed ?? record
  }
}

function neverRuns (error: unknown): { reason: string, message: string } | undefined {
  if (!isProblem(error)) return undefined
  const { detail, errors = [] } = error.problem
  if (isProblem(error, 'rejected-by-kubernetes')) return { reason: 'RejectedByKubernetes', message: detail }
  if (isProblem(error, 'unknown-template') || isProblem(error, 'unknown-asset')) {
    return { reason: 'InvalidAsset', message: detail }
  }
  return isProblem(error, 'invalid-request')
    ? { reason: 'InvalidAsset', message: errors.map(({ field, message }) => `${field} ${message}`).join(', ') }
    : undefined
}

/**
 * Looks up the asset's own properties, if the record still needs them (`look_up`), and writes their template and
 * environment into the record. Returns the current record.
 */
async function lookUp (deps: ConnectorDeps, record: JobRecord): Promise<JobRecord> {
  const transfer = transferOf(record)
  if (transfer?.look_up === undefined) return record
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
  const settled = await advanceRecord(deps.store, record.job_uuid, (current) => {
    if (transferOf(current)?.look_up === undefined || isTerminal(current.state)) return undefined
    return {
      ...withTransfer(current, { look_up: undefined, result: order.result }),
      revision: current.revision + 1,
      template: template.name,
      env: plain,
      ...(Object.keys(secret).length > 0 && { sealed_env: seal(deps.tokenKey, current.job_uuid, secret) }),
      retention_seconds: template.retentionSeconds
    }
  })
  return settled ?? record
}
