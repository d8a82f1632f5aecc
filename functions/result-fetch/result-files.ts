import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { credentialWrong } from '../../shared/access/bearer.ts'
import { jobOf } from '../../shared/access/job-of.ts'
import { isResultToken, opensResults, resultTokenIn } from '../../shared/access/result-token.ts'
import { answerJson } from '../../shared/http/answer-json.ts'
import { checkConditions, conditionHeaders, dateConditionHeaders } from '../../shared/http/check-conditions.ts'
import { contentDisposition } from '../../shared/http/content-disposition.ts'
import { bytesAs, empty, fileBytes, json, notChanged } from '../../shared/http/openapi/answers.ts'
import { problems } from '../../shared/http/openapi/problem-responses.ts'
import { writtenBy } from '../../shared/http/written-by.ts'
import { invalidField, problem } from '../../shared/http/problem.ts'
import { JobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { archiveResults } from '../../shared/results/archive/archive-results.ts'
import { preferredForm } from '../../shared/results/archive/preferred-form.ts'
import { tar } from '../../shared/results/archive/tar.ts'
import { zip } from '../../shared/results/archive/zip.ts'
import { LeftOutFile } from '../../shared/job/result-counts.ts'
import { ResultName } from '../../shared/results/result-name.ts'
import { findResult, listResults, ResultFile } from '../../shared/results/results.ts'
import { wrongName } from '../../shared/results/wrong-name.ts'
import type { OpenContent } from '../../shared/store/content-reader.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { Cursor, Limit, PAGE } from './page.ts'
import { prefersRedirect, type StoreUrl } from './redirect-to-store.ts'
import { selectBytes } from '../../shared/http/select-bytes.ts'

const JobParams = Type.Object({ id: JobId })
const ResultPage = Type.Object({
  files: Type.Array(ResultFile),
  next_cursor: Cursor,
  left_out: Type.Array(LeftOutFile, {
    description: 'The files that are not among the results, at most 1,000 of them'
  }),
  left_out_count: Type.Integer()
}, { title: 'ResultPage' })
/** The headers of all answers about a result file. */
const ofFile = ['Last-Modified?', 'Accept-Ranges'] as const
/** The headers of answers with bytes of a result file. */
const ofBytes = [
  'ETag',
  'Vary?',
  ...ofFile,
  'Content-Length',
  'Content-Disposition',
  'Repr-Digest',
  'X-Content-Type-Options',
  'Content-Security-Policy'
] as const

export interface ResultFetchDeps {
  store: Store
  openContent: OpenContent
  /** Where callers cannot reach the store, there is none. */
  storeUrl?: StoreUrl | undefined
  resultTokenKey?: string | undefined
}

/**
 * The result files of a job: the list, the bytes of one file, or all files in one archive. These routes accept the
 * credentials of API callers, and the tokens that connectors pass to consumers.
 */
export function resultFiles (
  { store, openContent, storeUrl, resultTokenKey }: ResultFetchDeps
): FastifyPluginAsync {
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()

    app.get('/job/:id/result/list', {
      config: { access: 'jobs:read', ownCredential },
      schema: {
        operationId: 'listResultFiles',
        tags: ['results'],
        summary: 'Lists the result files of a job',
        description: 'Sorted by name. While the job runs, the list has the files that are uploaded so far.',
        params: JobParams,
        querystring: Type.Object({ limit: Limit, cursor: Type.Optional(ResultName) }, { additionalProperties: false }),
        headers: Type.Object(conditionHeaders),
        response: {
          200: json('A page of the list', ResultPage, 'ETag'),
          304: notChanged(),
          ...problems(400, 401, 403, 404, 412, 503)
        }
      }
    }, async (request, reply) => {
      const { limit = PAGE, cursor } = request.query
      checkName('cursor', cursor)
      const record = await recordOf(request)
      const { files, more, ...leftOut } = await listResults(store, record, {
        limit,
        ...(cursor !== undefined && { after: cursor })
      })
      return await answerJson(request, reply, {
        files,
        next_cursor: (more && files.at(-1)?.name) || null,
        ...leftOut
      })
    })

    app.route({
      method: ['GET', 'HEAD'],
      url: '/job/:id/result/archive',
      exposeHeadRoute: false,
      config: { access: 'jobs:read', ownCredential },
      schema: {
        operationId: 'getResultArchive',
        tags: ['results'],
        summary: 'All result files of a job in one archive',
        description:
          'A tar archive, or with `format=zip`, or `Accept: application/zip`, a zip archive of the files as they are. Sorted by name. Available only when the job has ended, because a running job may add files.',
        params: JobParams,
        querystring: Type.Object({
          format: Type.Optional(Type.String({ enum: ['tar', 'zip'], title: 'ArchiveFormat' }))
        }, { additionalProperties: false }),
        headers: Type.Object({
          accept: Type.Optional(Type.String({ examples: ['application/zip'] })),
          ...conditionHeaders
        }),
        response: {
          200: bytesAs(
            [tar.mediaType, zip.mediaType],
            'The archive',
            'ETag',
            'Vary',
            'Content-Length',
            'Content-Disposition',
            'X-Content-Type-Options'
          ),
          304: notChanged('Vary'),
          ...problems(400, 401, 403, 404, 409, 412, 503)
        }
      },
      handler: async (request, reply) => {
        const record = await recordOf(request)
        if (!isTerminal(record.state)) {
          throw problem('job-not-ended', 'The job still runs and may add files; try again when it has ended', {
            job_uuid: record.job_uuid
          })
        }
        const { format } = request.query
        const form = (format ?? preferredForm(request.headers.accept)) === 'zip' ? zip : tar
        const { size, etag, writeTo } = await archiveResults(store, record, form)
        const judgement = checkConditions(request, { etag })
        reply.vary('accept')
        reply.headers({ etag, 'cache-control': 'private, no-cache' })
        if (judgement === 'not modified') return await reply.code(304).send()
        reply.headers({
          'content-type': form.mediaType,
          'content-length': size,
          'content-disposition': contentDisposition(`${record.job_uuid}.${form.ending}`),
          'x-content-type-options': 'nosniff'
        })
        if (request.method === 'HEAD') return await reply.send()
        return await reply.send(writtenBy(async (answer) => await writeTo(openContent, answer), () => {}))
      }
    })

    app.route({
      method: ['GET', 'HEAD'],
      url: '/job/:id/result',
      exposeHeadRoute: false,
      config: { access: 'jobs:read', ownCredential },
      schema: {
        operationId: 'getResultFile',
        tags: ['results'],
        summary: 'The bytes of a result file',
        description:
          'A request may have one `Range`; for several ranges, the answer is the whole file. The ETag is the sha256 of the file. With `Prefer: redirect`, the answer may be the address of the file in the store.',
        params: JobParams,
        querystring: Type.Object({ file: ResultName }, { additionalProperties: false }),
        headers: Type.Object({
          prefer: Type.Optional(Type.String({ examples: ['redirect'] })),
          range: Type.Optional(Type.String({ examples: ['bytes=0-1023'] })),
          'if-range': Type.Optional(Type.String({ description: 'An ETag; if it is not the current one, the whole file' })),
          ...conditionHeaders,
          ...dateConditionHeaders
        }),
        response: {
          200: fileBytes('The bytes of the file', ...ofBytes),
          206: fileBytes('The bytes of the range', ...ofBytes, 'Content-Range'),
          304: notChanged(...ofFile, 'Vary?'),
          307: empty('The file is at this address in the store, for 60 s', 'Location', 'Preference-Applied', 'Vary'),
          ...problems(400, 401, 403, 404, 409, 412, 416, 503)
        }
      },
      handler: async (request, reply) => {
        const { file } = request.query
        checkName('file', file)
        const record = await recordOf(request)
        const result = await findResult(store, record, file)
        if (result === undefined) {
          throw problem('unknown-file', 'The job has no result file of this name', {
            job_uuid: record.job_uuid,
            errors: [{ field: 'file', message: 'is not the name of a result file of this job' }]
          })
        }

        const isHead = request.method === 'HEAD'
        const etag = `"${result.sha256}"`
        const lastModified = result.at === undefined ? undefined : new Date(result.at)
        const judgement = checkConditions(request, { etag, lastModified })
        const representation = {
          etag,
          ...(lastModified && { 'last-modified': lastModified.toUTCString() }),
          'accept-ranges': 'bytes',
          'cache-control': 'private, no-cache'
        }
        if (storeUrl !== undefined) reply.vary('prefer')
        if (judgement === 'not modified') return await reply.code(304).headers(representation).send()
        // Range applies to GET only (RFC 9110, 14.2).
        const takesRange = !isHead && judgement === 'perform'
        const selection = selectBytes(takesRange ? request.headers.range : undefined, result.size)
        const range = selection.status === 206 ? { start: selection.start, end: selection.end } : undefined
        if (storeUrl !== undefined && prefersRedirect(request)) {
          const { key, content_type: contentType } = result
          reply.headers({ 'preference-applied': 'redirect', 'cache-control': 'no-store' })
          return await reply.redirect(storeUrl({ key, name: file, contentType }), 307)
        }
        // Open the file before the headers are set: a problem must not have the headers of the file.
        const content = isHead ? undefined : await openContent(result.key, result.size, range)
        if (!isHead && content === undefined) {
          throw problem('conflict', 'The job is replacing this file; try again', {
            job_uuid: record.job_uuid
          })
        }
        reply.code(selection.status).headers({
          ...representation,
          'content-type': result.content_type,
          'content-length': range ? range.end - range.start + 1 : result.size,
          ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${result.size}` }),
          'content-disposition': contentDisposition(file),
          // The digest of the whole file, also in a partial answer (RFC 9530).
          'repr-digest': `sha-256=:${Buffer.from(result.sha256, 'hex').toString('base64')}:`,
          // A job can write any content. In a browser, it must not run with the rights of this origin.
          'x-content-type-options': 'nosniff',
          'content-security-policy': 'sandbox'
        })
        return await reply.send(content && writtenBy(content.copyTo, content.close))
      }
    })

    /** The record of the job. A result token in the request is the right one by now, but it may be revoked. */
    async function recordOf (
      request: Parameters<typeof jobOf>[1] & { headers: { authorization?: string | undefined } }
    ): Promise<JobRecord> {
      const { record } = await jobOf(store, request)
      if (resultTokenIn(request.headers.authorization) !== undefined && !opensResults(record)) {
        throw problem('transfer-closed', 'The transfer of this token has ended or is suspended', {
          job_uuid: record.job_uuid
        })
      }
      return record
    }

    /** Judges a result token. That needs no record: a made-up token must cost nothing. */
    function ownCredential ({ params, headers: { authorization } }: FastifyRequest): Error | 'right' | undefined {
      const token = resultTokenIn(authorization)
      if (token === undefined) return undefined
      const { id } = params as { id: string }
      return resultTokenKey !== undefined && isResultToken(resultTokenKey, id, token)
        ? 'right'
        : credentialWrong('The token is not valid for the results of this job')
    }
  }
}

function checkName (field: string, name: string | undefined): void {
  const wrong = name === undefined ? undefined : wrongName(name)
  if (wrong !== undefined) throw invalidField(field, wrong)
}
