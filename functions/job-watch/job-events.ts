import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { jobOf } from '../../shared/access/job-of.ts'
import { empty, eventStream } from '../../shared/http/openapi/answers.ts'
import { problems } from '../../shared/http/openapi/problem-responses.ts'
import { JobId } from '../../shared/job/job-id.ts'
import type { JobWatchDeps } from './job-watch-deps.ts'
import { goneOrStopping } from '../../shared/http/streams/gone-or-stopping.ts'
import { isEnd, placeOf, START } from './log/log-place.ts'
import { Tail } from './log/tail.ts'
import { streamEvents } from './stream-events.ts'

/** The events of a job, as they happen. */
export function jobEvents ({ store, join, times, stopping }: JobWatchDeps): FastifyPluginAsync {
  return async function (plugin) {
    const app = plugin.withTypeProvider<TypeBoxTypeProvider>()

    app.get('/job/:id/events', {
      exposeHeadRoute: false,
      config: { access: 'jobs:read' },
      schema: {
        operationId: 'watchJob',
        tags: ['jobs'],
        summary: 'What happens to a job, as it happens',
        description:
          'Server-sent events. `state`: the job as `GET /job/{id}` has it, at the begin and after each change. `progress`: a new report of the workload. `log`, with `log=1`: `lines` of the workload, the `attempt` (the pod) that wrote them, `open: true` if the last of them has no line feed, so that the first line of the next event goes on with it, and `skipped` if at least so many lines before them are left out. `end`: the job has ended, and all is said; the stream ends. After some minutes the stream ends without it: a client comes again with the id of the last event as `Last-Event-ID`, and gets the lines after that. After `end` the answer to this is 204.',
        params: Type.Object({ id: JobId }),
        querystring: Type.Object({
          log: Type.Optional(Type.Union([Type.Literal('0'), Type.Literal('1')], { description: '1: with the log' })),
          tail: Tail
        }, { additionalProperties: false }),
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 200 })) }),
        response: {
          200: eventStream('The events', 'X-Accel-Buffering'),
          204: empty('The stream had come to its end; nothing follows'),
          ...problems(400, 404, 503)
        }
      }
    }, async (request, reply) => {
      const { 'last-event-id': last } = request.headers
      const found = await jobOf(store, request)
      if (isEnd(last)) return await reply.code(204).send()
      const { log, tail } = request.query
      const after = placeOf(last)
      // Of a log that has not begun there is no tail: all that comes is wanted.
      const isTail = tail !== undefined && found.record.started_at !== undefined
      const begin = after === START ? START : after !== undefined ? { after } : isTail ? { tail } : START
      const watched = join(found)
      reply.raw.once('close', watched.leave)
      const signal = goneOrStopping(reply.raw, stopping)
      const events = streamEvents(watched, log === '1' ? begin : undefined, times, signal)
      return await reply.headers({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // Proxies of the kind of nginx would keep the events back.
        'x-accel-buffering': 'no'
      }).send(Readable.from(events, { objectMode: false }))
    })
  }
}
