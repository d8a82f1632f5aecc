import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { answerJson } from '../../../shared/http/answer-json.ts'
import { conditionHeaders } from '../../../shared/http/conditions/check-conditions.ts'
import { json, notChanged } from '../../../shared/http/openapi/answers.ts'
import { problems } from '../../../shared/http/openapi/problem-responses.ts'
import { JobId } from '../../../shared/job/job-id.ts'
import { LeftOutFile } from '../../../shared/job/result-counts.ts'
import { ResultName } from '../../../shared/results/result-name.ts'
import { listResults, ResultFile } from '../../../shared/results/results.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { Cursor, Limit, PAGE } from '../page.ts'
import { checkName } from './check-name.ts'
import type { ResultAccess } from './result-access.ts'

const ResultPage = Type.Object({
  files: Type.Array(ResultFile),
  next_cursor: Cursor,
  left_out: Type.Array(LeftOutFile, {
    description: 'The files that are not among the results, at most 1,000 of them'
  }),
  left_out_count: Type.Integer()
}, { title: 'ResultPage' })

/** The list of the result files of a job. */
export function resultList (store: Store, { recordOf, config }: ResultAccess): FastifyPluginAsync {
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()

    app.get('/job/:id/result/list', {
      config,
      schema: {
        operationId: 'listResultFiles',
        tags: ['results'],
        summary: 'Lists the result files of a job',
        description: 'Sorted by name. While the job runs, the list has the files that are uploaded so far.',
        params: Type.Object({ id: JobId }),
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
      if (cursor !== undefined) checkName('cursor', cursor)
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
  }
}
