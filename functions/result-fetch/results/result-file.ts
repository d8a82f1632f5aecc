import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { checkConditions, conditionHeaders, dateConditionHeaders } from '../../../shared/http/conditions/check-conditions.ts'
import { contentDisposition } from '../../../shared/http/content-disposition.ts'
import { empty, fileBytes, notChanged } from '../../../shared/http/openapi/answers.ts'
import { problems } from '../../../shared/http/openapi/problem-responses.ts'
import { problem } from '../../../shared/http/problem.ts'
import { selectBytes } from '../../../shared/http/select-bytes.ts'
import { writtenBy } from '../../../shared/http/written-by.ts'
import { JobId } from '../../../shared/job/job-id.ts'
import { ResultName } from '../../../shared/results/result-name.ts'
import { findResult } from '../../../shared/results/results.ts'
import type { OpenContent } from '../../../shared/store/content-reader.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { prefersRedirect, type StoreUrl } from './redirect-to-store.ts'
import { checkName } from './check-name.ts'
import type { ResultAccess } from './result-access.ts'

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

export interface ResultFileDeps {
  store: Store
  openContent: OpenContent
  /** Where callers cannot reach the store, there is none. */
  storeUrl?: StoreUrl | undefined
}

/** The bytes of one result file, or where they are. */
export function resultFile (
  { store, openContent, storeUrl }: ResultFileDeps,
  { recordOf, config }: ResultAccess
): FastifyPluginAsync {
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()

    app.route({
      method: ['GET', 'HEAD'],
      url: '/job/:id/result',
      exposeHeadRoute: false,
      config,
      schema: {
        operationId: 'getResultFile',
        tags: ['results'],
        summary: 'The bytes of a result file',
        description:
          'A request may have one `Range`; for several ranges, the answer is the whole file. The ETag is the sha256 of the file. With `Prefer: redirect`, the answer may be the address of the file in the store.',
        params: Type.Object({ id: JobId }),
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
  }
}
