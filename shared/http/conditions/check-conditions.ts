import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import { judgeConditions, type Judgement, type Validators } from './judge-conditions.ts'
import { problem } from '../problem.ts'

/** The headers with conditions, for the OpenAPI document. The dates apply only where a `Last-Modified` is sent. */
export const conditionHeaders = {
  'if-match': Type.Optional(Type.String({ description: 'ETags, or `*`; if none is the current one, 412' })),
  'if-none-match': Type.Optional(Type.String({ description: 'ETags, or `*`; if one is the current one, 304' }))
}
export const dateConditionHeaders = {
  'if-modified-since': Type.Optional(Type.String()),
  'if-unmodified-since': Type.Optional(Type.String())
}

export const writeConditionHeaders = {
  'if-match': Type.Optional(Type.String({ description: 'ETags of the job, or `*`; if none is the current one, 412' })),
  'if-none-match': Type.Optional(Type.String({ description: 'ETags of the job, or `*`; if one is the current one, 412' }))
}

/**
 * Checks the conditions of a request against the current representation. Throws `precondition-failed` if one of them
 * does not hold. To be called where the answer would otherwise be 2xx, and before anything is sent or changed.
 */
export function checkConditions (
  { method, headers }: { method: string, headers: IncomingHttpHeaders },
  current: Validators
): Exclude<Judgement, 'failed'> {
  const judgement = judgeConditions(method, headers, current)
  if (judgement === 'failed') {
    throw problem('precondition-failed', 'The resource is not, or no longer, the one that the condition names')
  }
  return judgement
}
