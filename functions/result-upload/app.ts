import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { empty, json } from '../../shared/http/openapi/answers.ts'
import { problems } from '../../shared/http/openapi/problem-responses.ts'
import { problem } from '../../shared/http/problem.ts'
import { JOURNAL_PAGE } from '../../shared/results/journal-entry.ts'
import { writeJournal } from '../../shared/results/journal.ts'
import { MOST_NAMED } from '../../shared/job/left-out.ts'
import { Progress } from '../../shared/job/progress.ts'
import { LeftOutFile } from '../../shared/job/result-counts.ts'
import { LARGEST_FILE, MOST_PARTS } from '../../shared/results/part-size.ts'
import { writeProgress } from '../../shared/results/progress-note.ts'
import { ResultName } from '../../shared/results/result-name.ts'
import { wrongName } from '../../shared/results/wrong-name.ts'
import { contentKey, journalPageKey } from '../../shared/store/bucket-layout.ts'
import { headObject, inBatches, removeObject } from '../../shared/store/object-store.ts'
import { admitUploader } from './admit-uploader.ts'
import { Attempt } from './attempt.ts'
import { checkOpen } from './check-open.ts'
import { Content, Sha256 } from './content.ts'
import { finishAttempt } from './finish-attempt.ts'
import { completeUpload } from './multipart/complete-upload.ts'
import { grantPart } from './multipart/grant-part.ts'
import { offerUploads } from './offer-uploads.ts'
import { type Deps, Granted, Multipart, Stored } from './offer.ts'
import { Grant } from './presign.ts'

const UploadId = Type.String({ minLength: 1, maxLength: 1024 })
const Count = Type.Integer({ minimum: 0 })
/** A shape with a name, and with no other fields. */
const exactly = (title: string) => ({ title, additionalProperties: false })

const Uploads = Type.Object({ uploads: Type.Array(Type.Union([Stored, Granted, Multipart])) }, { title: 'Uploads' })

/** The most contents in one request. */
const BATCH = 100
/** Bytes: room for a page of the longest names. */
const PAGE_LIMIT = 4 * 1024 * 1024

/**
 * Lets the uploader of a job put results into the store. The store itself polices each grant: key, size and sha256 are
 * signed, and the key is the sha256.
 */
export function resultUpload ({ tokenKey, ...deps }: Deps & { tokenKey: string }): FastifyPluginAsync {
  const { store } = deps
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()
    // Before the body is even read.
    app.addHook('onRequest', async (request) => {
      await admitUploader(store, tokenKey, (request.params as { id: string }).id, request.headers.authorization)
    })
    const security = [{ job: [] }]

    app.post('/job/:id/attempt/:attempt/upload', {
      schema: {
        operationId: 'offerUploads',
        tags: ['uploads'],
        summary: 'May I put these files?',
        description: 'One answer for each, in order. A file over 1 GiB goes in parts; a broken upload of it goes on ' +
          'where it stopped.',
        security,
        params: Attempt,
        body: Type.Object({ files: Type.Array(Content, { minItems: 1, maxItems: BATCH }) }, exactly('OfferUploadsRequest')),
        response: {
          200: json('The answers', Uploads),
          ...problems(400, 401, 403, 413, 415, 422, 503)
        }
      }
    }, async ({ params, body }) => {
      await checkOpen(store, params)
      return { uploads: await offerUploads(deps, params, body.files) }
    })

    app.post('/job/:id/attempt/:attempt/upload/part', {
      schema: {
        operationId: 'grantPart',
        tags: ['uploads'],
        summary: 'May I put this part?',
        description: 'A grant for one part of a file that goes in parts.',
        security,
        params: Attempt,
        body: Type.Object({
          sha256: Sha256,
          upload_id: UploadId,
          number: Type.Integer({ minimum: 1, maximum: MOST_PARTS }),
          size: Type.Integer({ minimum: 1, maximum: LARGEST_FILE, description: 'Bytes' }),
          part_sha256: Sha256
        }, exactly('GrantPartRequest')),
        response: { 200: json('The grant', Grant), ...problems(400, 401, 403, 413, 415, 422, 503) }
      }
    }, async ({ params, body }) => await grantPart(deps, params, body))

    app.post('/job/:id/attempt/:attempt/upload/complete', {
      schema: {
        operationId: 'completeUpload',
        tags: ['uploads'],
        summary: 'Make the parts the file',
        description: 'The store compares the digest of each part with what it got. After a 422 the file is to be ' +
          'asked for again.',
        security,
        params: Attempt,
        body: Type.Object({
          ...Content.properties,
          upload_id: UploadId,
          parts: Type.Array(Sha256, { maxItems: MOST_PARTS, description: 'The sha256 of every part, in order' })
        }, exactly('CompleteUploadRequest')),
        response: { 200: json('The file is stored', Stored), ...problems(400, 401, 403, 413, 415, 422, 503) }
      }
    }, async ({ params, body }) => {
      await completeUpload(store, params, body)
      return { state: 'stored' as const }
    })

    app.post('/job/:id/attempt/:attempt/drop', {
      schema: {
        operationId: 'dropContents',
        tags: ['uploads'],
        summary: 'These contents are of no file any more',
        description: 'Of files that have changed or gone since their upload. Fine when there are no such contents.',
        security,
        params: Attempt,
        body: Type.Object({ sha256: Type.Array(Sha256, { minItems: 1, maxItems: BATCH }) }, exactly('DropContentsRequest')),
        response: { 204: empty('Done'), ...problems(400, 401, 403, 413, 415, 422, 503) }
      }
    }, async ({ params, body }, reply) => {
      await checkOpen(store, params)
      await inBatches(body.sha256, async (sha256) => {
        await removeObject(store, contentKey(params.id, params.attempt, sha256))
      })
      return await reply.code(204).send(null)
    })

    app.post('/job/:id/attempt/:attempt/progress', {
      schema: {
        operationId: 'reportProgress',
        tags: ['uploads'],
        summary: 'So far is the workload',
        description: 'The newest report replaces the one before. An uploader sends at most one in ten seconds.',
        security,
        params: Attempt,
        body: Type.Object(Type.Omit(Progress, ['at']).properties, exactly('ReportProgressRequest')),
        response: { 204: empty('Done'), ...problems(400, 401, 403, 413, 415, 503) }
      }
    }, async ({ params: { id, attempt }, body }, reply) => {
      await writeProgress(store, id, { ...body, at: new Date().toISOString(), attempt })
      return await reply.code(204).send(null)
    })

    const Name = Type.Object({ name: ResultName })
    app.post('/job/:id/attempt/:attempt/journal', {
      bodyLimit: PAGE_LIMIT,
      schema: {
        operationId: 'writeJournal',
        tags: ['uploads'],
        summary: 'These files are stored',
        description: 'The newest page of the journal, as a whole, and the counts after it. Each name with its content ' +
          'or as gone; the last entry of a name counts. A page is full with ' + `${JOURNAL_PAGE} entries.`,
        security,
        params: Attempt,
        body: Type.Object({
          page: Count,
          files: Count,
          bytes: Count,
          entries: Type.Array(
            Type.Union([
              Type.Object({ ...Name.properties, ...Content.properties }, exactly('JournalFile')),
              Type.Object({ ...Name.properties, gone: Type.Literal(true) }, exactly('JournalGone'))
            ]),
            { maxItems: JOURNAL_PAGE }
          )
        }, exactly('JournalPage')),
        response: { 204: empty('Done'), ...problems(400, 401, 403, 413, 415, 422, 503) }
      }
    }, async ({ params, body }, reply) => {
      for (const [at, { name }] of body.entries.entries()) {
        const wrong = wrongName(name)
        if (wrong !== undefined) {
          const errors = [{ field: `entries.${at}.name`, message: wrong }]
          throw problem('invalid-request', `entries.${at}.name ${wrong}`, { errors, job_uuid: params.id })
        }
      }
      await checkOpen(store, params)
      // With a gap, nobody could read the journal any more.
      const before = journalPageKey(params.id, params.attempt, body.page - 1)
      if (body.page > 0 && await headObject(store, before) === undefined) {
        throw problem('upload-refused', `The journal has no page ${body.page - 1}; write it first`, {
          job_uuid: params.id
        })
      }
      await writeJournal(store, params.id, params.attempt, body)
      return await reply.code(204).send(null)
    })

    app.post('/job/:id/attempt/:attempt/done', {
      bodyLimit: PAGE_LIMIT,
      schema: {
        operationId: 'finishAttempt',
        tags: ['uploads'],
        summary: 'I am done',
        description: 'Whether the results are complete, and what is left out. The store is asked for every file of the ' +
          'journal; those that it lacks are answered, and are to be put again.',
        security,
        params: Attempt,
        body: Type.Object({
          files: Count,
          bytes: Count,
          list_sha256: { ...Sha256, description: 'Of the files: `["name",size,"sha256"]` and LF for each, by name' },
          complete: Type.Boolean(),
          left_out: Type.Array(LeftOutFile, { maxItems: MOST_NAMED }),
          left_out_count: Count
        }, exactly('FinishAttemptRequest')),
        response: {
          200: json(
            'Whether the attempt is finished',
            Type.Union([
              Type.Object({ state: Type.Literal('finished') }, { title: 'Finished' }),
              Type.Object({ state: Type.Literal('missing'), sha256: Type.Array(Sha256) }, { title: 'Missing' })
            ])
          ),
          ...problems(400, 401, 403, 413, 415, 422, 503)
        }
      }
    }, async ({ params, body }) => await finishAttempt(store, params, body))
  }
}
