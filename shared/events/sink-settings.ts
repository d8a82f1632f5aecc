import { existsSync, readFileSync } from 'node:fs'
import { Type } from 'typebox'

export const sinkSettings = {
  /** Set by a SinkBinding. If it is set, the events of every job are sent to this address. */
  K_SINK: Type.Optional(Type.String({ pattern: '^https?://' })),
  K_SINK_TOKEN_FILE: Type.String({
    default: '/oidc/token',
    minLength: 1,
    description: 'The file where a SinkBinding mounts the token for the sink; there may be none'
  })
}

/** The token for the sink. It is read at each use, because a SinkBinding renews it while the function runs. */
export function sinkToken (file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}
