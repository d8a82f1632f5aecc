import type { FastifyPluginAsync } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { problems } from '../../shared/http/problem-responses.ts'
import { invalidField } from '../../shared/http/problem.ts'
import { hasManifest } from '../../shared/results/manifest.ts'
import { ResultName, wrongName } from '../../shared/results/result-name.ts'
import { attemptPrefix, resultKey } from '../../shared/store/bucket-layout.ts'
import { listObjects, removeObject } from '../../shared/store/object-store.ts'
import { admitUploader } from './admit-uploader.ts'
import { attemptClosed } from './attempt-closed.ts'
import { Attempt } from './attempt.ts'
import { ClaimedFile, Sha256 } from './claimed-file.ts'
import { completeUpload } from './multipart/complete-upload.ts'
import { confirmResults } from './confirm-results.ts'
import { grantPart } from './multipart/grant-part.ts'
import { type Deps, Granted, Multipart, offerUpload, Stored } from './offer-upload.ts'
import { LARGEST_FILE, MOST_PARTS } from './multipart/part-size.ts'
import { Grant } from './presign.ts'

const UploadId = Type.String({ minLength: 1, maxLength: 1024 })
const exactly = { additionalProperties: false }

/** What the document says of the header that every route asks for. */
export const securitySchemes = {
  job: { type: 'http', scheme: 'bearer', description: 'The token that deploy gave the job; good until the job ends' }
} as const

/**
 * Lets a job's own uploader put results into the store, which polices each grant itself: key, size, sha256 and tags are
 * signed.
 */
export function resultUpload ({ tokenKey, ...deps }: Deps & { tokenKey: string }): FastifyPluginAsync {
  const { store } = deps
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()
    // Before the body is even read.
    app.addHook('onRequest', async (request) => {
      await admitUploader(store, tokenKey, (request.params as { id: string }).id, request.headers.authorization)
    })
    app.addHook('preHandler', async ({ query, body }) => {
      const given = { ...(query as object), ...(body as object | undefined) } as { name?: string, cursor?: string }
      for (const field of ['name', 'cursor'] as const) {
        const wrong = given[field] === undefined ? undefined : wrongName(given[field])
        if (wrong !== undefined) throw invalidField(field, wrong)
      }
    })
    const security = [{ job: [] }]

    app.post('/job/:id/attempt/:attempt/upload', {
      schema: {
        summary: 'May I put this file?',
        description:
          'Files over 64 MiB go in parts; a broken upload of the same file goes on where it stopped. A file that has changed takes the place of what is there.',
        security,
        params: Attempt,
        body: ClaimedFile,
        response: { 200: Type.Union([Stored, Granted, Multipart]), ...problems(400, 401, 403, 413, 415, 422, 503) }
      }
    }, async ({ params, body }) => await offerUpload(deps, params, body))

    app.post('/job/:id/attempt/:attempt/upload/part', {
      schema: {
        summary: 'May I put this part?',
        security,
        params: Attempt,
        body: Type.Object({
          name: ResultName,
          upload_id: UploadId,
          number: Type.Integer({ minimum: 1, maximum: MOST_PARTS }),
          size: Type.Integer({ minimum: 1, maximum: LARGEST_FILE, description: 'Bytes' }),
          sha256: Sha256
        }, exactly),
        response: { 200: Grant, ...problems(400, 401, 403, 413, 415, 422, 503) }
      }
    }, async ({ params, body }) => await grantPart(deps, params, body))

    app.post('/job/:id/attempt/:attempt/upload/complete', {
      schema: {
        summary: 'Make the parts the file',
        description:
          'The store compares the digest of each part with what it got. After a 422 the file is to be asked for again.',
        security,
        params: Attempt,
        body: Type.Object({
          ...ClaimedFile.properties,
          upload_id: UploadId,
          parts: Type.Array(Sha256, { maxItems: MOST_PARTS, description: 'The sha256 of every part, in order' })
        }, exactly),
        response: { 200: Stored, ...problems(400, 401, 403, 413, 415, 422, 503) }
      }
    }, async ({ params, body }) => {
      await completeUpload(store, params, body)
      return { state: 'stored' as const }
    })

    app.get('/job/:id/attempt/:attempt/upload', {
      schema: {
        summary: 'What is there',
        description: 'The names, in order.',
        security,
        params: Attempt,
        querystring: Type.Object({ cursor: Type.Optional(ResultName) }, exactly),
        response: {
          200: Type.Object({ names: Type.Array(Type.String()), next_cursor: Type.Union([Type.String(), Type.Null()]) }),
          ...problems(400, 401, 403, 503)
        }
      }
    }, async ({ params: { id, attempt }, query: { cursor } }) => {
      const prefix = attemptPrefix(id, attempt)
      const { objects, more } = await listObjects(store, {
        prefix,
        after: cursor === undefined ? '' : prefix + cursor,
        tags: false
      })
      const names = objects.map(({ key }) => key.slice(prefix.length))
      return { names, next_cursor: (more && names.at(-1)) || null }
    })

    app.delete('/job/:id/attempt/:attempt/upload', {
      schema: {
        summary: 'Take a file back',
        description: 'One that the workload has removed after its upload. Fine when there is no such file.',
        security,
        params: Attempt,
        querystring: Type.Object({ name: ResultName }, exactly),
        response: { 204: Type.Null(), ...problems(400, 401, 403, 422, 503) }
      }
    }, async ({ params: { id, attempt }, query: { name } }, reply) => {
      if (await hasManifest(store, id, attempt)) throw attemptClosed(id)
      await removeObject(store, resultKey(id, attempt, name))
      return await reply.code(204).send(null)
    })

    app.post('/job/:id/attempt/:attempt/done', {
      schema: {
        summary: 'All is up',
        description: 'The files are counted here too; 422 when the counts differ.',
        security,
        params: Attempt,
        body: Type.Object({ files: Type.Integer({ minimum: 0 }), bytes: Type.Integer({ minimum: 0 }) }, exactly),
        response: {
          200: Type.Object({ state: Type.Literal('complete') }),
          ...problems(400, 401, 403, 413, 415, 422, 503)
        }
      }
    }, async ({ params, body }) => {
      await confirmResults(store, params, body)
      return { state: 'complete' as const }
    })
  }
}
