import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { judgeResultToken, resultTokenIn } from '../../shared/access/result-token.ts'
import { contentDisposition } from '../../shared/http/content-disposition.ts'
import { problems } from '../../shared/http/problem-responses.ts'
import { invalidField, problem, unknownJob } from '../../shared/http/problem.ts'
import { JobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import { archiveResults } from '../../shared/results/archive-results.ts'
import { ResultName, wrongName } from '../../shared/results/result-name.ts'
import { findResult, listResults, ResultFile } from '../../shared/results/results.ts'
import { streamObject } from '../../shared/store/object-store.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { Cursor, Limit, PAGE } from './page.ts'
import { selectBytes } from './select-bytes.ts'

const JobParams = Type.Object({ id: JobId })
const Bytes: object = {
  description: 'The bytes',
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
}
const Archive: object = {
  description: 'The archive',
  content: { 'application/x-tar': { schema: { type: 'string', format: 'binary' } } }
}
const NotChanged: object = { description: 'As the caller knows it', type: 'null' }

/**
 * The result files of a job: listed, each with its bytes, or all in one archive. Besides callers come those to whom a
 * connector handed a token.
 */
export function resultFiles (
  { store, resultTokenKey }: { store: Store, resultTokenKey?: string | undefined }
): FastifyPluginAsync {
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()

    app.get('/job/:id/result/list', {
      config: { access: 'jobs:read', ownCredential },
      schema: {
        summary: 'The result files of a job',
        description: 'In the order of their names; of a job that still runs, those that are there already.',
        params: JobParams,
        querystring: Type.Object({ limit: Limit, cursor: Type.Optional(ResultName) }, { additionalProperties: false }),
        response: {
          200: Type.Object({ files: Type.Array(ResultFile), next_cursor: Cursor }),
          ...problems(400, 401, 403, 404, 503)
        }
      }
    }, async (request) => {
      const { limit = PAGE, cursor } = request.query
      checkName('cursor', cursor)
      const record = await recordOf(request)
      const { files, more } = await listResults(store, record, {
        limit,
        ...(cursor !== undefined && { after: cursor })
      })
      return { files, next_cursor: (more && files.at(-1)?.name) || null }
    })

    app.get('/job/:id/result/archive', {
      exposeHeadRoute: false,
      config: { access: 'jobs:read', ownCredential },
      schema: {
        summary: 'All result files of a job in one tar archive',
        description: 'In the order of their names; only of a job that has ended, for by then there is no more to come.',
        params: JobParams,
        querystring: Type.Object({}, { additionalProperties: false }),
        response: { 200: Archive, ...problems(400, 401, 403, 404, 409, 503) }
      }
    }, async (request, reply) => {
      const record = await recordOf(request)
      if (!isTerminal(record.state)) {
        throw problem('job-not-ended', 'The job still runs, and may make more files', { job_uuid: record.job_uuid })
      }
      reply.headers({
        'content-type': 'application/x-tar',
        'content-disposition': contentDisposition(`${record.job_uuid}.tar`)
      })
      return await reply.send(await archiveResults(store, record))
    })

    app.route({
      method: ['GET', 'HEAD'],
      url: '/job/:id/result',
      exposeHeadRoute: false,
      config: { access: 'jobs:read', ownCredential },
      schema: {
        summary: 'The bytes of a result file',
        description:
          'One `Range` is served, several at once are answered with the whole file. The ETag is the sha256 of the file.',
        params: JobParams,
        querystring: Type.Object({ file: ResultName }, { additionalProperties: false }),
        headers: Type.Object({
          range: Type.Optional(Type.String({ examples: ['bytes=0-1023'] })),
          'if-range': Type.Optional(Type.String()),
          'if-none-match': Type.Optional(Type.String())
        }),
        response: { 200: Bytes, 206: Bytes, 304: NotChanged, ...problems(400, 401, 403, 404, 409, 416, 503) }
      },
      handler: async (request, reply) => {
        const { file } = request.query
        checkName('file', file)
        const record = await recordOf(request)
        const result = await findResult(store, record, file)
        if (result === undefined) {
          throw problem('unknown-file', 'The job has no result file of this name', {
            job_uuid: record.job_uuid,
            errors: [{ field: 'file', message: 'is not among the results' }]
          })
        }

        const isHead = request.method === 'HEAD'
        const etag = `"${result.sha256}"`
        const selection = selectBytes(
          {
            // It is for GET alone (RFC 9110, 14.2).
            range: isHead ? undefined : request.headers.range,
            ifRange: request.headers['if-range'],
            ifNoneMatch: request.headers['if-none-match']
          },
          etag,
          result.size
        )
        const representation = {
          etag,
          'last-modified': result.lastModified,
          'accept-ranges': 'bytes',
          'cache-control': 'private, no-cache'
        }
        if (selection.status === 304) return await reply.code(304).headers(representation).send()
        const range = selection.status === 206 ? { start: selection.start, end: selection.end } : undefined
        // Before the headers: those of a file do not go with a problem.
        const bytes = isHead ? undefined : await streamObject(store, result.key, result.etag, range)
        if (!isHead && bytes === undefined) {
          throw problem('conflict', 'The file is just being replaced by the job; ask again', {
            job_uuid: record.job_uuid
          })
        }
        reply.code(selection.status).headers({
          ...representation,
          'content-type': result.content_type,
          'content-length': range ? range.end - range.start + 1 : result.size,
          ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${result.size}` }),
          'content-disposition': contentDisposition(file),
          // RFC 9530: of the whole file, also in a partial answer.
          'repr-digest': `sha-256=:${Buffer.from(result.sha256, 'hex').toString('base64')}:`,
          // A result is whatever a job wrote; shown in a browser it must not act for this origin.
          'x-content-type-options': 'nosniff',
          'content-security-policy': 'sandbox'
        })
        return await reply.send(bytes)
      }
    })

    async function recordOf (
      { params: { id }, headers: { authorization } }: {
        params: { id: string }
        headers: { authorization?: string | undefined }
      }
    ): Promise<JobRecord> {
      const found = await readRecord(store, id)
      const token = resultTokenIn(authorization)
      if (token !== undefined) checkToken(id, found?.record, token)
      if (found === undefined) throw unknownJob(id)
      return found.record
    }

    /** Of a job that is gone it is not said whether there was one. */
    function checkToken (id: string, record: JobRecord | undefined, token: string): void {
      const judged = record === undefined || resultTokenKey === undefined
        ? 'wrong'
        : judgeResultToken(resultTokenKey, record, token)
      if (judged === 'wrong') {
        throw problem('unauthorized', 'The token does not open the results of this job', {
          job_uuid: id,
          headers: { 'www-authenticate': 'Bearer error="invalid_token"' }
        })
      }
      if (judged === 'revoked') {
        throw problem('transfer-closed', 'The transfer that the token was made for has ended or is suspended', {
          job_uuid: id
        })
      }
    }
  }
}

/** Of the routes that a token for results opens. */
function ownCredential (authorization: string | undefined): boolean {
  return resultTokenIn(authorization) !== undefined
}

function checkName (field: string, name: string | undefined): void {
  const wrong = name === undefined ? undefined : wrongName(name)
  if (wrong !== undefined) throw invalidField(field, wrong)
}
