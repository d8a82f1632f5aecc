import type { Static } from 'typebox'
import type { Event } from '../../../shared/events/event-of.ts'
import { problem } from '../../../shared/http/problem.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { fieldErrors } from '../../../shared/schema/field-errors.ts'
import { lazyValidator } from '../../../shared/schema/lazy-validator.ts'
import { acceptJob } from '../start/accept-job.ts'
import { DeployBody, deployRequest, textOfAsked } from './deploy-request.ts'
import type { Deps } from '../start/start-job.ts'
import type { WebhookRules } from './webhook-request.ts'

export const JOB_REQUESTED = 'org.gx4ki.job.requested'

const isBody = lazyValidator<Static<typeof DeployBody>>(DeployBody)

/**
 * Accepts the job that an event requests. The data of the event has the schema of the body of `POST /job/deploy`. A
 * repeated event, with the same source and id, gets the same job.
 */
export async function takeJobRequest (
  deps: Deps,
  { source, id, data, data_base64: bytes }: Event,
  traceparent: string | undefined,
  defaultTemplate: string,
  webhooks: WebhookRules
): Promise<JobRecord> {
  if (bytes !== undefined) {
    throw problem('invalid-event', 'data: must be JSON; the event has another media type', {
      errors: [{ field: 'datacontenttype', message: 'must be application/json' }]
    })
  }
  const body = data ?? {}
  if (!isBody(body)) {
    const errors = fieldErrors(isBody.errors, 'it').map(({ field, message }) => ({
      field: field === 'it' ? 'data' : `data.${field}`,
      message
    }))
    throw problem('invalid-event', `${errors[0]?.field}: ${errors[0]?.message}`, { errors })
  }
  const owner = `event:${source}`.replace(/[^A-Za-z0-9._:@/+=-]/g, '_').slice(0, 128)
  return await acceptJob(
    deps,
    { owner, traceparent },
    () => deployRequest(body, defaultTemplate, webhooks),
    { key: `event ${JSON.stringify([source, id])}`, asked: textOfAsked(body) }
  )
}
