import { CloudEvent } from 'cloudevents'
import { Type } from 'typebox'
import type { JobRecord } from '../job/job-record.ts'
import { isTerminal, type State } from '../job/job-state.ts'
import { linksOf } from '../job/job-view.ts'

export const publicUrlSettings = {
  PUBLIC_URL: Type.String({
    default: '',
    pattern: '^(https?://[^?#\\s]*[^?#\\s/])?$',
    description: 'The API as callers reach it, without a slash at its end; makes the links in events whole'
  })
}

/**
 * That a job has come into a state, as a CloudEvent: thin, and the same at every try and for everyone who is told. Who
 * wants to know more follows its links, where he is asked who he is.
 */
export function jobEvent (record: JobRecord, state: State, publicUrl: string): CloudEvent<object> {
  const { job_uuid: id, template, history, traceparent } = record
  const { reason, exit_code: exitCode } = isTerminal(state) ? record : {}
  return new CloudEvent({
    id: `${id}-${state}`,
    source: `${publicUrl}/job`,
    type: `org.gx4ki.job.${state}`,
    subject: id,
    time: history.find((step) => step.state === state)!.at,
    datacontenttype: 'application/json',
    // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/distributed-tracing.md
    ...(traceparent !== undefined && { traceparent }),
    data: {
      job_uuid: id,
      state,
      reason: reason ?? null,
      template,
      exit_code: exitCode ?? null,
      links: Object.fromEntries(Object.entries(linksOf(id)).map(([name, path]) => [name, publicUrl + path]))
    }
  })
}
