import { unknownJob } from '../http/problem.ts'
import { type FoundRecord, readRecord } from '../job/record-store.ts'
import type { Store } from '../store/open-store.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The job in the path, if `admitCallers` has read its record to compare the owner with the caller. */
    admittedJob: FoundRecord | undefined
  }
}

/**
 * The job in the path of a request; throws `unknown-job` when there is none. It is the record with which the request
 * was admitted, so a request reads it once.
 */
export async function jobOf (
  store: Store,
  { params: { id }, admittedJob }: { params: { id: string }, admittedJob: FoundRecord | undefined }
): Promise<FoundRecord> {
  const found = admittedJob ?? await readRecord(store, id)
  if (found === undefined) throw unknownJob(id)
  return found
}
