import { Type } from 'typebox'

/** Set by a SinkBinding. Where it is, every job's events go there. */
export const sinkSettings = {
  K_SINK: Type.Optional(Type.String({ pattern: '^https?://' }))
}
