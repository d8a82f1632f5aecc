import type { Static } from 'typebox'
import { fieldErrors } from '../../shared/field-errors.ts'
import type { JobRecord } from '../../shared/job-record.ts'
import { lazyValidator } from '../../shared/lazy-validator.ts'
import { problem } from '../../shared/problem.ts'
import type { Event } from '../../shared/receive-events.ts'
import { acceptJob } from './accept-job.ts'
import { DeployBody, deployRequest } from './deploy-request.ts'
import type { Deps } from './start-job.ts'
import type { WebhookRules } from './webhook-request.ts'

export const JOB_REQUESTED = 'org.gx4ki.job.requested'

const isBody = lazyValidator<Static<typeof DeployBody>>(DeployBody)

/** Deploys what an event asks for, in the words of `POST /job/deploy`; once, however often the event comes: source and id are its identity. */
export async function takeJobRequest (deps: Deps, { source, id, data }: Event, defaultTemplate: string, webhooks: WebhookRules): Promise<JobRecord> {
  const body = data ?? {}
  if (!isBody(body)) {
    const errors = fieldErrors(isBody.errors, 'it').map(({ field, message }) => ({ field: field === 'it' ? 'data' : `data.${field}`, message }))
    throw problem('invalid-event', `${errors[0]?.field}: ${errors[0]?.message}`, { errors })
  }
  const owner = `event:${source}`.replace(/[^A-Za-z0-9._:@/+=-]/g, '_').slice(0, 128)
  return await acceptJob(deps, { ...deployRequest(body, {}, defaultTemplate, webhooks), owner }, `event ${JSON.stringify([source, id])}`)
}
