import type { FastifyRequest } from 'fastify'
import { credentialWrong } from '../../../shared/access/bearer.ts'
import { jobOf } from '../../../shared/access/job-of.ts'
import { isResultToken, opensResults, resultTokenIn } from '../../../shared/access/result-token.ts'
import { problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** Who may see the results of a job: callers of the API, and who has a token that a connector passed to a consumer. */
export interface ResultAccess {
  /** The record of the job. A result token in the request is the right one by now, but it may be revoked. */
  recordOf: (
    request: Parameters<typeof jobOf>[1] & { headers: { authorization?: string | undefined } }
  ) => Promise<JobRecord>
  /** Of the routes: the scope that a caller needs, and how a result token is judged. */
  config: { access: 'jobs:read', ownCredential: (request: FastifyRequest) => Error | 'right' | undefined }
}

export function resultAccess (store: Store, resultTokenKey: string | undefined): ResultAccess {
  return {
    async recordOf (request) {
      const { record } = await jobOf(store, request)
      if (resultTokenIn(request.headers.authorization) !== undefined && !opensResults(record)) {
        throw problem('transfer-closed', 'The transfer of this token has ended or is suspended', {
          job_uuid: record.job_uuid
        })
      }
      return record
    },
    config: {
      access: 'jobs:read',
      // That needs no record: a made-up token must cost nothing.
      ownCredential ({ params, headers: { authorization } }) {
        const token = resultTokenIn(authorization)
        if (token === undefined) return undefined
        const { id } = params as { id: string }
        return resultTokenKey !== undefined && isResultToken(resultTokenKey, id, token)
          ? 'right'
          : credentialWrong('The token is not valid for the results of this job')
      }
    }
  }
}
