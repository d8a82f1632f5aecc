import type { FastifyRequest } from 'fastify'
import { checkConditions } from '../../../shared/http/conditions/check-conditions.ts'
import { jobEtag } from '../../../shared/job/job-etag.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import { soFar } from '../../../shared/results/so-far.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** Throws `precondition-failed` if the caller did not mean this record. */
export type CheckRecord = (record: JobRecord, etag: string) => void

/**
 * The conditions of a request that changes a job, as a check of the record that is replaced: between an earlier check
 * and the write, another process could change the record. What the document takes from elsewhere is that of now.
 */
export async function conditionOnJob (store: Store, id: string, request: FastifyRequest): Promise<CheckRecord> {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers
  if (ifMatch === undefined && ifNoneMatch === undefined) return () => {}
  const found = request.admittedJob ?? await readRecord(store, id)
  const now = found && await soFar(store, found.record)
  return (record, etag) => {
    checkConditions(request, { etag: jobEtag(etag, isTerminal(record.state) ? undefined : now) })
  }
}
