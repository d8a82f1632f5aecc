import type { FastifyBaseLogger } from 'fastify'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { transferOf } from '../../../shared/job/transfers/transfer-of.ts'

/** Logs a new transfer, with the ids of both sides. */
export function logTransfer (log: Pick<FastifyBaseLogger, 'info' | 'warn'>, record: JobRecord): void {
  const { connector, transfer, asset, refused } = transferOf(record)!
  const ids = { job_uuid: record.job_uuid, connector, transfer, asset }
  if (refused === undefined) log.info({ ...ids, template: record.template }, 'transfer accepted')
  else log.warn({ ...ids, ...refused }, 'transfer refused')
}
