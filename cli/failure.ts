import type { ExitCode } from './exit-codes.ts'

export interface FailureFacts {
  /** The `type` of a problem of the API, or the same form for one of gx4ki itself. */
  type: string
  /** What is wrong, for each field. */
  errors?: { field: string, message: string }[] | undefined
  /** What to do about it. */
  hint?: string | undefined
  job_uuid?: string | undefined
  trace_id?: string | undefined
  /** The HTTP status of the answer. */
  status?: number | undefined
}

/** An error that ends the command with an exit code, and whose message is for the person who called it. */
export class Failure extends Error {
  readonly code: ExitCode
  readonly facts: FailureFacts

  constructor (code: ExitCode, message: string, facts: Partial<FailureFacts> & { cause?: unknown } = {}) {
    const { cause, ...others } = facts
    super(message, { cause })
    this.code = code
    this.facts = { type: `urn:gx4ki:cli:${code}`, ...others }
  }

  /** Whether this is the problem of the API with this end of its `type`. */
  is (...kinds: string[]): boolean {
    return kinds.some((kind) => this.facts.type === `urn:gx4ki:problem:${kind}`)
  }
}

/** The caller has used the command in a wrong way. */
export function misuse (message: string, hint?: string): Failure {
  return new Failure(2, message, { type: 'urn:gx4ki:cli:usage', hint })
}
