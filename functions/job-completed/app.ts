import { createHash } from 'node:crypto'
import type { V1Job } from '@kubernetes/client-node'
import type { FastifyPluginAsync } from 'fastify'
import type { AdmitSender } from '../../shared/access/admit-sender.ts'
import { receiveEvents } from '../../shared/events/receive-events.ts'
import { CALLBACK_DUE, type Remind } from '../../shared/events/remind.ts'
import { problem } from '../../shared/http/problem.ts'
import { isJobId } from '../../shared/job/job-id.ts'
import type { JobRecord } from '../../shared/job/job-record.ts'
import { isTerminal } from '../../shared/job/job-state.ts'
import { isOwing } from '../../shared/job/callbacks/owed-callbacks.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import { JOB_LABEL } from '../../shared/kubernetes/cluster.ts'
import { countingPod } from '../../shared/kubernetes/workload.ts'
import { deadLetterKey, markerKey } from '../../shared/store/bucket-layout.ts'
import { headObject, putObject } from '../../shared/store/object-store.ts'
import { eventsWithoutEffect } from '../../shared/telemetry/metrics.ts'
import type { CallbackSettings } from './callbacks/callback-settings.ts'
import { newOutbox } from './callbacks/pay-callbacks.ts'
import { untilDue } from './callbacks/until-due.ts'
import { type FollowUps, followUps } from './follow-up.ts'
import { reconcileWith } from './reconcile.ts'
import { type Deps, findJob, type Settled, settleJob } from './settle-job.ts'
import { mayLoseLog, whatIsLeft } from './what-is-left.ts'

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
    const reconciling = reconcileWith(deps, following, failed)

    await receiveEvents(app, {
      path: '/',
      admitSender,
      operationId: 'receiveEvent',
      summary: 'Receives the events of an ApiServerSource about Jobs, pings, and requests to make due callbacks',
      types: `^(dev\\.knative\\.(apiserver\\.resource\\.(add|update|delete)|sources\\.ping)|${
        CALLBACK_DUE.replaceAll('.', '\\.')
      })$`,
      // Of a whole Job, only the label with the id is used.
      data: 'parsed',
      refuse ({ type, data }) {
        if (type.startsWith('dev.knative.apiserver.')) jobOf(data, deps.cluster.namespace)
      },
      receive: async (event, { log }) => {
        if (event.type === 'dev.knative.sources.ping') {
          await reconciling()
          return
        }
        if (event.type === CALLBACK_DUE) {
          const id = event.subject ?? ''
          if (isJobId(id) && await untilDue(deps.store, id, stopping.signal)) following.start(id)
          return
        }
        const id = jobOf(event.data, deps.cluster.namespace)
        if (following.isDone(id)) {
          eventsWithoutEffect.inc({ type: event.type })
          log.info({ job_uuid: id }, 'job settled already, and nothing is left to do')
          return
        }
        const settled = await settleByEvent(deps, id, following)
        const { record, changed = 'nothing' } = settled ?? {}
        if (changed === 'nothing') eventsWithoutEffect.inc({ type: event.type })
        if (record === undefined) {
          log.info({ job_uuid: id }, 'the job was withdrawn or removed, and nothing is left to do')
          return
        }
        log.info({ job_uuid: id, state: record.state, reason: record.reason, revision: record.revision }, 'job settled')
      }
    })

    await receiveEvents(app, {
      path: '/dead-letter',
      admitSender,
      data: 'any',
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
function jobOf (data: unknown, namespace: string): string {
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

/**
 * How long after its Job a record may come. If it does not, `deploy` was interrupted, which a ping repairs. The source
 * sends no other event while one is refused.
 */
const RECORD_MS = 10_000

/** Settles the job of an event. Starts its follow-up if something is left to do for it. */
async function settleByEvent (deps: Deps, id: string, following: FollowUps): Promise<Partial<Settled> | undefined> {
  const known = await readRecord(deps.store, id)
  if (known === undefined) {
    const { job } = await findJob(deps.cluster, id)
    if (!isThere(job)) return undefined
    // `deploy` writes the record while Kubernetes makes the Job, so the first events may come before the record.
    if (await headObject(deps.store, markerKey(id)) === undefined) {
      throw notOurs('data.metadata.labels', 'names a job that has no record')
    }
    if (Date.now() - Number(job?.metadata?.creationTimestamp) > RECORD_MS) return undefined
    throw problem('record-to-come', 'The job is just being accepted; send the event again', { job_uuid: id })
  }
  if (isTerminal(known.record.state)) {
    // Another event has ended the job. Its follow-up may have been interrupted.
    await following.resume(id)
    return known
  }
  const found = await findJob(deps.cluster, id)
  const settling = settleJob(deps, known, found)
  if (mayLoseLog(found.job, countingPod(found.pods))) {
    // There is something left to do in any case, so the log is read while the record is written. When that fails, the
    // event is refused and comes again.
    const settled = settling.catch(() => undefined)
    following.start(id, { seen: { settled, found, isFirst: !knewOfAnEnd(known.record) } })
    return await settling
  }
  const settled = await settling
  if (settled === undefined) return undefined
  const { record, changed } = settled
  const owes = changed === 'state' && isOwing(record)
  if (owes || whatIsLeft(record, found, false, new Date()).now) following.start(id, { seen: { settled, found } })
  return settled
}

/** Whether an earlier look at a job may have stored its log already. */
function knewOfAnEnd ({ exit_code: code, stop }: JobRecord): boolean {
  return code !== undefined || stop !== undefined
}

/** Whether a Job without a record is a mistake. A job that was withdrawn or has expired lost its Job first. */
function isThere (job: V1Job | undefined): boolean {
  return job !== undefined && job.metadata?.deletionTimestamp === undefined
}

function notOurs (field: string, message: string): Error {
  return problem('unknown-event-job', `${field} ${message}`, { errors: [{ field, message }] })
}
