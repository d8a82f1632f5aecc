import { createHash } from 'node:crypto'
import type { V1Job } from '@kubernetes/client-node'
import type { FastifyPluginAsync } from 'fastify'
import type { AdmitSender } from '../../shared/access/admit-sender.ts'
import type { Event } from '../../shared/events/event-of.ts'
import { receiveEvents } from '../../shared/events/receive-events.ts'
import { CALLBACK_DUE, type Remind } from '../../shared/events/remind.ts'
import { problem } from '../../shared/http/problem.ts'
import { isJobId } from '../../shared/job/job-id.ts'
import { JOB_LABEL } from '../../shared/kubernetes/cluster.ts'
import { deadLetterKey } from '../../shared/store/bucket-layout.ts'
import { putObject } from '../../shared/store/object-store.ts'
import { eventsWithoutEffect } from '../../shared/telemetry/metrics.ts'
import type { CallbackSettings } from './callbacks/callback-settings.ts'
import { followUps } from './follow-up.ts'
import { newOutbox } from './callbacks/pay-callbacks.ts'
import { untilDue } from './callbacks/until-due.ts'
import { reconcile } from './reconcile.ts'
import { type Deps, findJob, settleJob } from './settle-job.ts'

/**
 * Receives the events about Jobs. Each event updates the record of its job; then the log is kept and callbacks are
 * made. A ping does this for every job that has a marker.
 */
export function jobCompleted (
  { callbacks, remind, admitSender, ...place }: Pick<Deps, 'store' | 'cluster'> & {
    callbacks: CallbackSettings
    remind: Remind
    admitSender?: AdmitSender | undefined
  }
): FastifyPluginAsync {
  return async function (app) {
    const stopping = new AbortController()
    app.addHook('preClose', async () => stopping.abort())
    const deps = { ...place, outbox: newOutbox(callbacks, remind, stopping.signal, app.log) }
    const failed = (id: string, error: Error): void =>
      app.log.error({ job_uuid: id, err: error }, 'work on the job failed; the next ping tries again')
    const following = followUps(deps, failed)
    app.addHook('onClose', async () => await following.settled())

    await receiveEvents(app, {
      path: '/',
      admitSender,
      operationId: 'receiveEvent',
      summary: 'Receives the events of an ApiServerSource about Jobs, pings, and requests to make due callbacks',
      types: `^(dev\\.knative\\.(apiserver\\.resource\\.(add|update|delete)|sources\\.ping)|${
        CALLBACK_DUE.replaceAll('.', '\\.')
      })$`,
      receive: async (event, { log }) => {
        if (event.type === 'dev.knative.sources.ping') {
          for (const { id, isWrappedUp } of await reconcile(deps, failed)) following.start(id, isWrappedUp)
          return
        }
        if (event.type === CALLBACK_DUE) {
          const id = event.subject ?? ''
          if (isJobId(id) && await untilDue(deps.store, id, stopping.signal)) following.start(id)
          return
        }
        const id = jobOf(event, deps.cluster.namespace)
        const settled = await settleJob(deps, id)
        if (settled === undefined) {
          const { job } = await findJob(deps.cluster, id)
          if (isThere(job)) throw notOurs('data.metadata.labels', 'names a job that has no record')
        }
        const { record, changed = 'nothing' } = settled ?? {}
        if (changed === 'nothing') eventsWithoutEffect.inc({ type: event.type })
        if (record === undefined) {
          log.info({ job_uuid: id }, 'the job was withdrawn or removed, and nothing is left to do')
          return
        }
        log.info({ job_uuid: id, state: record.state, reason: record.reason, revision: record.revision }, 'job settled')
        following.start(id)
      }
    })

    await receiveEvents(app, {
      path: '/dead-letter',
      admitSender,
      takesAnyData: true,
      operationId: 'storeDeadLetter',
      summary: 'Stores an event that could not be delivered',
      receive: async (event, { log }) => {
        log.warn('event stored as a dead letter')
        // A digest, because an event id may be long and may contain any character. Source and id together identify an
        // event.
        const digest = createHash('sha256').update(JSON.stringify([event.source, event.id])).digest('hex')
        await putObject(
          deps.store,
          deadLetterKey(new Date().toISOString(), digest),
          JSON.stringify(event),
          {},
          'unconditional'
        )
      }
    })
  }
}

/**
 * The id of the job that an event is about. It is the only data used from the body, and it is checked. All other data
 * is read from the API server.
 */
function jobOf ({ data }: Event, namespace: string): string {
  const job = data as
    | { kind?: unknown, metadata?: { namespace?: unknown, labels?: Record<string, unknown> } }
    | null
    | undefined
  if (typeof job !== 'object' || job?.kind !== 'Job') throw notOurs('data.kind', 'must be Job')
  if (job.metadata?.namespace !== namespace) throw notOurs('data.metadata.namespace', `must be ${namespace}`)
  const id = job.metadata.labels?.[JOB_LABEL]
  if (typeof id !== 'string' || !isJobId(id)) {
    throw notOurs('data.metadata.labels', `must have a job id under ${JOB_LABEL}`)
  }
  return id
}

/** Whether a Job without a record is a mistake. A job that was withdrawn or has expired lost its Job first. */
function isThere (job: V1Job | undefined): boolean {
  return job !== undefined && job.metadata?.deletionTimestamp === undefined
}

function notOurs (field: string, message: string): Error {
  return problem('unknown-event-job', `${field} ${message}`, { errors: [{ field, message }] })
}
