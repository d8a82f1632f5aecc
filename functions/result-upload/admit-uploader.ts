import { bearerOf, credentialMissing, credentialWrong } from '../../shared/access/bearer.ts'
import { isJobToken } from '../../shared/access/job-token.ts'
import { problem } from '../../shared/http/problem.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import type { Store } from '../../shared/store/open-store.ts'

/**
 * Lets the uploader of a job in as long as the job has not ended. Who has no right token learns nothing, not even
 * whether there is such a job.
 */
export async function admitUploader (
  store: Store,
  tokenKey: string,
  id: string,
  authorization: string | undefined
): Promise<void> {
  const token = bearerOf(authorization)
  if (token === undefined) throw credentialMissing('The token of the job is missing')
  const found = isJobToken(tokenKey, id, token) ? await readRecord(store, id) : undefined
  if (found === undefined) throw credentialWrong('The token is not valid for this job')
  if (isTerminal(found.record.state)) {
    throw problem('job-ended', 'The job has ended; its results can no longer change', { job_uuid: id })
  }
}
