import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { checkConditions, conditionHeaders } from '../../../shared/http/conditions/check-conditions.ts'
import { contentDisposition } from '../../../shared/http/content-disposition.ts'
import { bytesAs, notChanged } from '../../../shared/http/openapi/answers.ts'
import { problems } from '../../../shared/http/openapi/problem-responses.ts'
import { problem } from '../../../shared/http/problem.ts'
import { writtenBy } from '../../../shared/http/written-by.ts'
import { JobId } from '../../../shared/job/job-id.ts'
import { isTerminal } from '../../../shared/job/job-state.ts'
import { archiveResults } from '../../../shared/results/archive/archive-results.ts'
import { preferredForm } from '../../../shared/results/archive/preferred-form.ts'
import { tar } from '../../../shared/results/archive/tar.ts'
import { zip } from '../../../shared/results/archive/zip.ts'
import type { OpenContent } from '../../../shared/store/content-reader.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import type { ResultAccess } from './result-access.ts'

/** All result files of a job in one archive. */
export function resultArchive (
  store: Store,
  openContent: OpenContent,
  { recordOf, config }: ResultAccess
): FastifyPluginAsync {
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()

    app.route({
      method: ['GET', 'HEAD'],
      url: '/job/:id/result/archive',
      exposeHeadRoute: false,
      config,
      schema: {
        operationId: 'getResultArchive',
        tags: ['results'],
        summary: 'All result files of a job in one archive',
        description:
          'A tar archive, or with `format=zip`, or `Accept: application/zip`, a zip archive of the files as they are. Sorted by name. Available only when the job has ended, because a running job may add files.',
        params: Type.Object({ id: JobId }),
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
  }
}
