import { CloudEvent } from 'cloudevents'
import type { JobRecord } from '../job/job-record.ts'
import { isTerminal, type State } from '../job/job-state.ts'
import { linksOf } from '../job/job-view.ts'

/**
 * The CloudEvent that reports that a job has entered a state. It is small, and it is the same at every try and for
 * every receiver. A receiver that needs more data follows the links, which require a credential.
 */
export function jobEvent (record: JobRecord, state: State, publicUrl: string): CloudEvent<object> {
  const { job_uuid: id, template, history, traceparent } = record
  const { reason, message, exit_code: exitCode, results } = isTerminal(state) ? record : {}
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
      message: message ?? null,
      template,
      exit_code: exitCode ?? null,
      results: results ?? null,
      links: Object.fromEntries(Object.entries(linksOf(id)).map(([name, path]) => [name, publicUrl + path]))
    }
  })
}
