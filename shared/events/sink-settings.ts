import { Type } from 'typebox'

/** Set by a SinkBinding. If it is set, the events of every job are sent to this address. */
export const sinkSettings = {
  K_SINK: Type.Optional(Type.String({ pattern: '^https?://' }))
}
