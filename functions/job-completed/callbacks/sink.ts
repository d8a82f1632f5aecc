import { HTTP } from 'cloudevents'
import { failed } from '../../../shared/egress/failure.ts'
import { jobEvent } from '../../../shared/events/job-event.ts'
import { sinkToken } from '../../../shared/events/sink-settings.ts'
import type { State } from '../../../shared/job/job-state.ts'
import type { Sink } from '../../../shared/job/callbacks/target.ts'
import type { CallbackKind } from './callback-kind.ts'
import { outcomeOf } from './outcome-of.ts'

/** The operator configures the address of the sink, so it may be on a private network. */
export const sink: CallbackKind<Sink> = {
  request ({ record, callback, settings: { publicUrl, sink } }) {
    if (sink === undefined) throw failed('NoSink', 'K_SINK is not set any more; apply the SinkBinding again')
    const { headers, body } = HTTP.binary(
      jobEvent(record, callback.call as State, publicUrl).cloneWith(sink.extensions)
    )
    const token = sinkToken(sink.tokenFile)
    return {
      method: 'POST',
      url: sink.url,
      headers: {
        ...headers as Record<string, string>,
        ...(token !== undefined && { authorization: `Bearer ${token}` })
      },
      body: body as string,
      allowed: [new URL(sink.url).origin]
    }
  },
  outcome: outcomeOf
}
