import { CloudEvent } from 'cloudevents'
import type { Callback } from '../../shared/callback.ts'
import { isTerminal, type JobRecord, linksOf, type State } from '../../shared/job-record.ts'

/**
 * That a job has come into a state, as a CloudEvent: thin, and the same at every try and for everyone who is told. Who wants to know
 * more follows its links, and may be told more there than he could be here.
 */
export function jobEvent (record: JobRecord, { call }: Callback, publicUrl: string): CloudEvent<object> {
  const { job_uuid: id, template, history } = record
  const state = call as State
  const ended = isTerminal(state)
  return new CloudEvent({
    id: `${id}-${state}`,
    source: `${publicUrl}/job`,
    type: `org.gx4ki.job.${state}`,
    subject: id,
    time: history.find((step) => step.state === state)!.at,
    datacontenttype: 'application/json',
    data: {
      job_uuid: id,
      state,
      reason: (ended ? record.reason : undefined) ?? null,
      template,
      exit_code: (ended ? record.exit_code : undefined) ?? null,
      links: Object.fromEntries(Object.entries(linksOf(id)).map(([name, path]) => [name, publicUrl + path]))
    }
  })
}
